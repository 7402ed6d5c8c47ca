//! Apple's variant of SRP-6a (protocol notes 2.4): pure functions, no I/O.
//!
//! The group is RFC 5054's 2048-bit one with SHA-256; the user name is left out of `x`; what takes the place of the
//! password is a PBKDF2 key. Whether Apple strips or pads numbers with a zero top byte is unknown, so an exchange in
//! which one occurs is thrown away: `A` is drawn again here, for `B` and `S` the caller begins anew.

use std::fmt;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use rand::RngCore;
use secrecy::{ExposeSecret, SecretBox};
use sha2::{Digest, Sha256};
use srp::ClientG2048;

use crate::error::{Error, ErrorKind, Result};

/// Bytes of the group's modulus.
const GROUP: usize = 256;

/// Fewer rounds than any account has, or more than an honest server asks for, are refused.
const ROUNDS: std::ops::RangeInclusive<u32> = 1_000..=1_000_000;

/// Standard base64 that forgives missing padding and stray trailing bits.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The client's half of an exchange: the secret `a` and the public `A`.
pub(super) struct Ephemeral {
    secret: SecretBox<[u8; 32]>,
    public: Vec<u8>,
}

/// How the password becomes a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// The key is derived from the hash of the password.
    S2k,
    /// The key is derived from the hash, written in hexadecimal.
    S2kFo,
}

/// What the server said in answer to `A`.
#[derive(Debug)]
pub(super) struct ServerHello {
    pub(super) protocol: Protocol,
    pub(super) rounds: u32,
    pub(super) salt: Vec<u8>,
    /// `B`, without leading zeros.
    pub(super) public: Vec<u8>,
}

/// The two proofs that a client sends.
pub(super) struct Proof {
    pub(super) m1: String,
    pub(super) m2: String,
}

impl Ephemeral {
    /// Draws `a` until `A` has no zero top byte.
    pub(super) fn draw(rng: &mut impl RngCore) -> Self {
        loop {
            let mut secret = SecretBox::new(Box::new([0; 32]));
            rng.fill_bytes(secrecy::ExposeSecretMut::expose_secret_mut(&mut secret));
            let drawn = Self::new(secret);
            if drawn.public.len() == GROUP {
                return drawn;
            }
        }
    }

    fn new(secret: SecretBox<[u8; 32]>) -> Self {
        let public = client().compute_public_ephemeral(secret.expose_secret());
        Self { secret, public }
    }

    /// `A` in base64.
    pub(super) fn public(&self) -> String {
        BASE64.encode(&self.public)
    }

    /// The proofs, or `None` when the exchange must be thrown away because `B` or `S` has a zero top byte.
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`] for a `B` that only an attacker sends.
    pub(super) fn prove(&self, login: &str, password: &str, hello: &ServerHello) -> Result<Option<Proof>> {
        if hello.public.len() != GROUP {
            return Ok(None);
        }
        let (m1, m2, full_length) = self.proofs(login, password, hello)?;
        Ok(full_length.then(|| Proof { m1: BASE64.encode(m1), m2: BASE64.encode(m2) }))
    }

    fn proofs(&self, login: &str, password: &str, hello: &ServerHello) -> Result<(Vec<u8>, Vec<u8>, bool)> {
        let key = password_key(password, hello);
        let verifier = client()
            .process_reply(self.secret.expose_secret(), login.as_bytes(), &key, &hello.salt, &hello.public)
            .map_err(|_| {
                Error::new(ErrorKind::Protocol, "the server's half of the sign-in is not acceptable")
            })?;
        let session_key = Sha256::digest(verifier.key());
        let m1 = verifier.proof().to_vec();
        let m2 =
            Sha256::new().chain_update(&self.public).chain_update(&m1).chain_update(session_key).finalize();
        Ok((m1, m2.to_vec(), verifier.key().len() == GROUP))
    }
}

impl fmt::Debug for Ephemeral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ephemeral")
    }
}

impl ServerHello {
    /// Checks what the server sent.
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`] for an unknown protocol, a number of rounds out of bounds, or numbers that are none.
    pub(super) fn parse(protocol: &str, rounds: u32, salt: &str, public: &str) -> Result<Self> {
        let protocol = match protocol {
            "s2k" => Protocol::S2k,
            "s2k_fo" => Protocol::S2kFo,
            _ => return Err(unacceptable("protocol")),
        };
        if !ROUNDS.contains(&rounds) {
            return Err(unacceptable("iteration"));
        }
        let salt = BASE64.decode(salt).map_err(|_| unacceptable("salt"))?;
        let public = BASE64.decode(public).map_err(|_| unacceptable("b"))?;
        let zeros = public.iter().take_while(|byte| **byte == 0).count();
        let public = public.get(zeros..).unwrap_or_default().to_vec();
        if public.is_empty() || public.len() > GROUP {
            return Err(unacceptable("b"));
        }
        Ok(Self { protocol, rounds, salt, public })
    }
}

fn unacceptable(field: &'static str) -> Error {
    Error::new(
        ErrorKind::Protocol,
        "Apple's sign-in service answered in a way this version does not understand",
    )
    .with("field", field)
}

fn client() -> ClientG2048<Sha256> {
    ClientG2048::new_with_options(false)
}

fn password_key(password: &str, hello: &ServerHello) -> [u8; 32] {
    let hash = Sha256::digest(password.as_bytes());
    match hello.protocol {
        Protocol::S2k => pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(&hash, &hello.salt, hello.rounds),
        Protocol::S2kFo => {
            let hex = hash.iter().fold(String::with_capacity(64), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            });
            pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(hex.as_bytes(), &hello.salt, hello.rounds)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Test vectors: protocol notes 2.10.
    const LOGIN: &str = "user@example.com";
    const PASSWORD: &str = "correct horse battery staple";
    const SALT: &str = "obLD1OX2BxgpOktcbX6PkA==";
    const SECRET: &str = "60975527035cf2ad1989806f0407210bc81edc04e2762a56afd529ddda2d4393";
    const A: &str = "S3APjUjmnJquQMaErHx8AxIeK3YC60w1FIBMytoO1AGRk6NR7MZab4VO3pHrCW5yGyLXAcetxk6c7azXXy4muy9eRd1T3I2+r//oKqSfygVz\
                     REaRISU3pzz4DiUDklggWn7fR0mzCtryWHfGL80J1mE1mLzUuvKpcnpTcGongUiZKyq7I61dUS0mnhbKEbwIlbWjtexHIc3kCow5x5bpTwvo\
                     bbvrM9pwNwGJg5Iauj9QUxldWsHaTlZ+PA512eBgn5LoUGV7K+R3H0FbnKzFweztwwEzv2R09QIsZRnXgHYMpNjTuWawNL1zh3wbOzP0dLnD\
                     xSmaGWjz5s07/oREWg==";
    const B_S2K: &str = "kfBlGh19khedMbOgq0Z+PNWIQbS6YX+/5/WJyQ7u+zRs4h/nhb2TlBqfAQfGOPJ5abcsWWIECB1z5p4Pk2ucEzwOicpZK5CH+TGhz7IHY+v2\
                         Fi5OeOfl4Wlh/YZpODZueRY15Abfey6thGtAcDiwP4c8FJr9VMxmrywXUlYwW7eKQDAb1eLqDFPNjQdLC6OibCIH3ZvpNFBeDy764/NmXQH3\
                         kGwGRXLiKQTgAAgYl8PcRSt9iDUCJSuYxnPYABYN4g0udHVQ/+MOz55IwNENl28eMXpj3b69txKwj8vdPdXi1KJQ7jFtRhmZ8ADUF+GQnfqx\
                         vQe+zRp29hG74cw//w==";
    const B_S2K_FO: &str = "EIXWLFq0HAELwiyDSYFQh0oeElmVpqONnzu8U/p7yW/jxHXI8SvGHSRgKWW4avsmKY6vjSfpibJjAJloKjpOhiRfsHrz8hRAoyFGuU3hjRt7\
                            No8FeXySePih+IndtCz6J9/w3Mx0OGrUxt42VUDPgnTaHD8nLJhdvMoqzcn/W5eAG85dHv+ORegUqP6JIZp9ZbNHyBwcsWVSwGO3h5wySM2m\
                            DUjHUVmrVGihFvFhim4UFYAwCrSWSbhsifkoq7AF9Na4TO88xIyH73asjF90lannV9035wNJfOF7CdFk9klAW8CPaNwYPjQQ92UU6s6vMz3J\
                            14UNMHkZM6BtXmK9Mg==";

    fn unhex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    fn ephemeral(secret: &str) -> Ephemeral {
        Ephemeral::new(SecretBox::new(Box::new(unhex(secret).try_into().unwrap())))
    }

    #[test]
    fn published_vectors_of_both_protocols() {
        let rows = [
            (
                "s2k",
                B_S2K,
                "g0AEt2XLR/xIsYpQjmDDekvDLM7PEJ5M7j7YLDkj17w=",
                "RjD9D7L0C9e+pUa/EU1JHPdvopqcRUUeob502fJlBgY=",
            ),
            (
                "s2k_fo",
                B_S2K_FO,
                "bqQ3dtIMlzXU1V4yOKgPIyTw5LGrJClxQYGoScAiPOQ=",
                "X3b06H9tqbE3sL1tiCu40ZZQNvvsuAgeAnu9xUBEI64=",
            ),
        ];
        for (protocol, b, m1, m2) in rows {
            let mine = ephemeral(SECRET);
            assert_eq!(mine.public(), A);
            let hello = ServerHello::parse(protocol, 20064, SALT, b).unwrap();
            let proof = mine.prove(LOGIN, PASSWORD, &hello).unwrap().unwrap();
            assert_eq!((proof.m1.as_str(), proof.m2.as_str()), (m1, m2), "{protocol}");
        }
    }

    #[test]
    fn published_vectors_with_a_zero_top_byte() {
        let rows = [
            (
                "f9cb4a797ce87a2dc6f5087a86e91a29379743e9b5104eac936495acbfe87645",
                255,
                "ada1469a5e5a9222ad75890a1565d88bbf2c21998e8c2cd7b330e54ad7f431ef",
                "70ae55dae2623fa240667352921db42740f3ece8ed854adc2499b9707a43911f",
                true,
            ),
            (
                "a5e463cd94a93915d541a629ce3dabbeee5b5ccdcd2df1c264633c967f4b0b0b",
                256,
                "1fd9c9e58b80c6c8ff2fb94545b07c02632dc1ae1f84cd04cf07508de122b442",
                "fd477c2166ad12d4c2df054c43b96ae3fc90c158c967688273ddd2c1901fbe69",
                false,
            ),
        ];
        let hello = ServerHello::parse("s2k", 20064, SALT, B_S2K).unwrap();
        for (secret, length, m1, m2, full_length) in rows {
            let mine = ephemeral(secret);
            assert_eq!(mine.public.len(), length);
            let proofs = mine.proofs(LOGIN, PASSWORD, &hello).unwrap();
            assert_eq!(proofs, (unhex(m1), unhex(m2), full_length));
            assert_eq!(
                mine.prove(LOGIN, PASSWORD, &hello).unwrap().is_some(),
                full_length,
                "a short S is thrown away"
            );
        }
    }

    /// Gives the secret of a short `A` first, then the one of the vectors.
    struct ShortFirst(Vec<Vec<u8>>);

    impl RngCore for ShortFirst {
        fn next_u32(&mut self) -> u32 {
            unimplemented!()
        }
        fn next_u64(&mut self) -> u64 {
            unimplemented!()
        }
        fn fill_bytes(&mut self, bytes: &mut [u8]) {
            bytes.copy_from_slice(&self.0.remove(0));
        }
    }

    #[test]
    fn a_short_public_value_is_drawn_again() {
        let short = unhex("f9cb4a797ce87a2dc6f5087a86e91a29379743e9b5104eac936495acbfe87645");
        let drawn = Ephemeral::draw(&mut ShortFirst(vec![short, unhex(SECRET)]));
        assert_eq!(drawn.public(), A);
    }

    #[test]
    fn what_a_bad_server_sends_is_refused_without_a_panic() {
        let long = BASE64.encode([1; 257]);
        let padded = BASE64.encode([vec![0], vec![7; 256]].concat());
        let short = BASE64.encode([7; 255]);
        let zero = BASE64.encode([0; 256]);
        let parse = |protocol, rounds, b: &str| ServerHello::parse(protocol, rounds, SALT, b);
        assert!(parse("s2k", 20064, &padded).is_ok(), "leading zeros are stripped");
        let thrown = ephemeral(SECRET).prove(LOGIN, PASSWORD, &parse("s2k", 1000, &short).unwrap());
        assert!(thrown.unwrap().is_none(), "a short B is thrown away");
        for bad in [
            parse("s2k", 20064, &long),
            parse("s2k", 20064, &zero),
            parse("s2k", 20064, ""),
            parse("s2k", 20064, "§"),
            parse("s2k", 999, B_S2K),
            parse("s2k", 1_000_001, B_S2K),
            parse("s3k", 20064, B_S2K),
        ] {
            assert_eq!(bad.unwrap_err().kind(), ErrorKind::Protocol);
        }
        let modulus = BASE64.encode(unhex(
            "AC6BDB41324A9A9BF166DE5E1389582FAF72B6651987EE07FC3192943DB56050A37329CBB4A099ED8193E0757767A13DD52312AB4B03310D\
             CD7F48A9DA04FD50E8083969EDB767B0CF6095179A163AB3661A05FBD5FAAAE82918A9962F0B93B855F97993EC975EEAA80D740ADBF4FF74\
             7359D041D5C33EA71D281E446B14773BCA97B43A23FB801676BD207A436C6481F1D2B9078717461A5B9D32E688F87748544523B524B0D57D\
             5EA77A2775D2ECFA032CFBDBF52FB3786160279004E57AE6AF874E7303CE53299CCC041C7BC308D82A5698F3A8D0C38271AE35F8E9DBFBB6\
             94B5C803D89F7AE435DE236D525F54759B65E372FCD68EF20FA7111F9E4AFF73",
        ));
        let hello = parse("s2k", 1000, &modulus).unwrap();
        assert!(ephemeral(SECRET).prove(LOGIN, PASSWORD, &hello).is_err(), "B = N is B = 0");
    }
}
