//! Tokens of the change feeds: a position, in the shape of Apple's (33 bytes, 44 characters).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::random::{bytes, hash};
use super::reply::Fault;
use super::zone::Zone;

const ZONE: u8 = 1;
const DATABASE: u8 = 2;

/// Where a reader of a zone's log stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    /// Entries before this one are known.
    pub(super) at: u32,
    /// The empty page that comes here was given.
    pub(super) after_empty_page: bool,
}

/// A zone's token for a position.
pub(super) fn of_zone(zone: &Zone, position: Position) -> String {
    let value = u64::from(position.at) << 1 | u64::from(position.after_empty_page);
    encode(ZONE, value, i64::MAX as u64, zone.key)
}

/// A zone's token for now.
pub(super) fn of_head(zone: &Zone) -> String {
    of_zone(zone, Position { at: zone.head(), after_empty_page: false })
}

/// Reads a zone's token.
pub(super) fn read_zone(zone: &Zone, token: &str) -> Result<Position, Fault> {
    let (kind, value, tail) = decode(token)?;
    let at = u32::try_from(value >> 1).unwrap_or(u32::MAX);
    if kind != ZONE || tail != bytes::<16>(zone.key) || at > zone.head() {
        return Err(unknown());
    }
    if at < zone.horizon {
        let reason = "The change token is too old".to_owned();
        return Err(Fault { code: "CHANGE_TOKEN_EXPIRED", ..Fault::bad_request(reason) });
    }
    Ok(Position { at, after_empty_page: value & 1 == 1 })
}

/// A database's token; `nonce` makes it another one on every call.
pub(super) fn of_database(key: u64, clock: u64, nonce: u64) -> String {
    encode(DATABASE, clock, nonce, hash(&[key, 31]))
}

/// Reads a database's token: the library's clock when it was given.
pub(super) fn read_database(key: u64, token: &str) -> Result<u64, Fault> {
    let (kind, clock, tail) = decode(token)?;
    if kind != DATABASE || tail != bytes::<16>(hash(&[key, 31])) {
        return Err(unknown());
    }
    Ok(clock)
}

fn encode(kind: u8, value: u64, middle: u64, key: u64) -> String {
    let mut raw = [0; 33];
    raw[0] = kind;
    raw[1..9].copy_from_slice(&value.to_be_bytes());
    raw[9..17].copy_from_slice(&middle.to_be_bytes());
    raw[17..].copy_from_slice(&bytes::<16>(key));
    STANDARD.encode(raw)
}

fn decode(token: &str) -> Result<(u8, u64, [u8; 16]), Fault> {
    let raw: [u8; 33] = match STANDARD.decode(token).map(<[u8; 33]>::try_from) {
        Ok(Ok(raw)) => raw,
        _ if token.starts_with("AQAA") || token.starts_with("AgAA") => {
            return Err(Fault::bad_request("Invalid continuation format"));
        }
        _ => return Err(unknown()),
    };
    let value = raw[1..9].iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    let mut tail = [0; 16];
    tail.copy_from_slice(&raw[17..]);
    Ok((raw[0], value, tail))
}

fn unknown() -> Fault {
    Fault::bad_request("Unknown sync continuation type")
}
