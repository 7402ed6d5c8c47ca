//! The server's side of SRP-6a as Apple uses it: RFC 5054, 2048 bits, SHA-256, the user name left out of `x`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pbkdf2::pbkdf2_hmac_array;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use srp::utils::{compute_hash, compute_m1_rfc5054, compute_m2};
use srp::{ClientG2048, Group, ServerG2048, groups::G2048};

/// Bytes of the group's prime.
const WIDTH: usize = 256;

/// How the password becomes the key of the exchange.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// The hash of the password as raw bytes.
    #[default]
    S2k,
    /// The hash of the password in hexadecimal letters.
    S2kFo,
}

impl Protocol {
    /// The name on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::S2k => "s2k",
            Self::S2kFo => "s2k_fo",
        }
    }

    /// What PBKDF2 makes of the password.
    fn key(self, password: &str, salt: &[u8], iterations: u32) -> [u8; 32] {
        let hash = Sha256::digest(password.as_bytes());
        let input = match self {
            Self::S2k => hash.to_vec(),
            Self::S2kFo => hex(&hash).into_bytes(),
        };
        pbkdf2_hmac_array::<Sha256, 32>(&input, salt, iterations)
    }
}

/// `v`, what a server keeps in place of the password.
pub(crate) fn verifier(protocol: Protocol, password: &str, salt: &[u8], iterations: u32) -> Vec<u8> {
    let key = protocol.key(password, salt, iterations);
    ClientG2048::<Sha256>::new_with_options(false).compute_verifier(b"", &key, salt)
}

/// One exchange, between `init` and `complete`.
#[derive(Debug)]
pub(crate) struct Exchange {
    login: String,
    salt: Vec<u8>,
    verifier: Vec<u8>,
    secret: Vec<u8>,
    client_public: Vec<u8>,
}

impl Exchange {
    /// Starts with the client's public value as it came. `None` if it cannot be one: the `srp` crate panics on
    /// values wider than the group.
    pub(crate) fn new(
        login: &str,
        salt: &[u8],
        verifier: &[u8],
        secret: &[u8],
        client_public: &str,
    ) -> Option<Self> {
        let client_public = trimmed(&STANDARD.decode(client_public).ok()?);
        let fits = !client_public.is_empty() && client_public.len() <= WIDTH;
        fits.then(|| Self {
            login: login.to_owned(),
            salt: salt.to_vec(),
            verifier: verifier.to_vec(),
            secret: secret.to_vec(),
            client_public,
        })
    }

    /// `B`, without leading zero bytes.
    pub(crate) fn public(&self) -> Vec<u8> {
        ServerG2048::<Sha256>::new().compute_public_ephemeral(&self.secret, &self.verifier)
    }

    /// `S`, without leading zero bytes.
    pub(crate) fn shared(&self) -> Option<Vec<u8>> {
        Some(self.reply()?.key().to_vec())
    }

    /// Whether both proofs are right, in either of the two spellings clients use: with and without the leading
    /// zero bytes of `A`, `B` and `S`.
    pub(crate) fn accepts(&self, m1: &str, m2: &str) -> bool {
        let (Ok(m1), Ok(m2)) = (STANDARD.decode(m1), STANDARD.decode(m2)) else { return false };
        let proofs = [self.proofs(), self.padded_proofs()];
        proofs.into_iter().flatten().any(|expected| expected == (m1.clone(), m2.clone()))
    }

    /// `M1` and `M2` over the shortest forms.
    fn proofs(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        Some(self.proofs_over(&self.client_public, &self.public(), &self.shared()?))
    }

    /// `M1` and `M2` over 256 bytes each (rclone's spelling).
    fn padded_proofs(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        Some(self.proofs_over(
            &padded(&self.client_public),
            &padded(&self.public()),
            &padded(&self.shared()?),
        ))
    }

    fn proofs_over(&self, a: &[u8], b: &[u8], shared: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let key = compute_hash::<Sha256>(shared);
        let login = self.login.as_bytes();
        let m1 = compute_m1_rfc5054::<Sha256>(&G2048::generator(), false, login, &self.salt, a, b, &key);
        let m2 = compute_m2::<Sha256>(a, &m1, &key);
        (m1.to_vec(), m2.to_vec())
    }

    fn reply(&self) -> Option<srp::ServerVerifier<Sha256>> {
        ServerG2048::<Sha256>::new()
            .process_reply(
                self.login.as_bytes(),
                &self.salt,
                &self.secret,
                &self.verifier,
                &self.client_public,
            )
            .ok()
    }
}

fn trimmed(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().skip_while(|byte| *byte == 0).collect()
}

fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut all = vec![0; WIDTH.saturating_sub(bytes.len())];
    all.extend_from_slice(bytes);
    all
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
