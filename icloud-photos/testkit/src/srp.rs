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

#[cfg(test)]
mod tests {
    use super::*;

    // Vectors computed with two other implementations; the fake must agree with what real clients compute.
    const LOGIN: &str = "user@example.com";
    const PASSWORD: &str = "correct horse battery staple";
    const SALT: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f90";
    const SERVER_SECRET: &str = "e487cb59d31ac550471e81f00f6928e01dda08e974a004f49e61f5d105284d20";
    const CLIENT_SECRET: &str = "60975527035cf2ad1989806f0407210bc81edc04e2762a56afd529ddda2d4393";

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    fn b64(hex: &str) -> String {
        STANDARD.encode(bytes(hex))
    }

    fn exchange(protocol: Protocol, client_secret: &str) -> Exchange {
        let verifier = verifier(protocol, PASSWORD, &bytes(SALT), 20064);
        let public =
            ClientG2048::<Sha256>::new_with_options(false).compute_public_ephemeral(&bytes(client_secret));
        Exchange::new(LOGIN, &bytes(SALT), &verifier, &bytes(SERVER_SECRET), &STANDARD.encode(public))
            .unwrap()
    }

    fn assert_begins(actual: &[u8], expected: &str) {
        assert_eq!(hex(actual)[..expected.len()], *expected);
    }

    #[test]
    fn vector_s2k() {
        let exchange = exchange(Protocol::S2k, CLIENT_SECRET);
        assert_begins(&exchange.verifier, "151e38eecdcd64c2dbd59e0d7b9a936a1544980410a1b01b7b2b4932771967cd");
        assert_begins(&exchange.public(), "91f0651a1d7d92179d31b3a0ab467e3cd58841b4ba617fbfe7f589c90eeefb34");
        let m1 = "834004b765cb47fc48b18a508e60c37a4bc32ccecf109e4cee3ed82c3923d7bc";
        let m2 = "4630fd0fb2f40bd7bea546bf114d491cf76fa29a9c45451ea1be74d9f2650606";
        assert_eq!(exchange.proofs().unwrap(), (bytes(m1), bytes(m2)));
        assert!(exchange.accepts(&b64(m1), &b64(m2)));
        assert!(!exchange.accepts(&b64(m2), &b64(m2)), "a wrong M1");
        assert!(!exchange.accepts(&b64(m1), &b64(m1)), "a wrong M2");
    }

    #[test]
    fn vector_s2k_fo() {
        let exchange = exchange(Protocol::S2kFo, CLIENT_SECRET);
        assert_begins(&exchange.verifier, "2d95e17a75e412e180bf5c084652382955ca697989b7e5249424636e47f49fda");
        assert_begins(&exchange.public(), "1085d62c5ab41c010bc22c83498150874a1e125995a6a38d9f3bbc53fa7bc96f");
        let m1 = "6ea43776d20c9735d4d55e3238a80f2324f0e4b1ab2429714181a849c0223ce4";
        let m2 = "5f76f4e87f6da9b137b0bd6d882bb8d1965036fbecb8081e027bbdc5404423ae";
        assert!(exchange.accepts(&b64(m1), &b64(m2)));
    }

    #[test]
    fn both_spellings_of_a_leading_zero_are_accepted() {
        let short_a =
            exchange(Protocol::S2k, "f9cb4a797ce87a2dc6f5087a86e91a29379743e9b5104eac936495acbfe87645");
        let short_s =
            exchange(Protocol::S2k, "a5e463cd94a93915d541a629ce3dabbeee5b5ccdcd2df1c264633c967f4b0b0b");
        assert_eq!((short_a.client_public.len(), short_s.shared().unwrap().len()), (255, 255));
        for (exchange, m1, m2) in [
            (
                &short_a,
                "ada1469a5e5a9222ad75890a1565d88bbf2c21998e8c2cd7b330e54ad7f431ef",
                "70ae55dae2623fa240667352921db42740f3ece8ed854adc2499b9707a43911f",
            ),
            (
                &short_a,
                "b7fb6108139f7651fd6f3adcdea4f045a88836122282272d43baff358562a959",
                "0e0ae6dc5d49baa74fd3cdd4561b5aa9b046775377ef7cc2f93e635cc2e9cc6f",
            ),
            (
                &short_s,
                "1fd9c9e58b80c6c8ff2fb94545b07c02632dc1ae1f84cd04cf07508de122b442",
                "fd477c2166ad12d4c2df054c43b96ae3fc90c158c967688273ddd2c1901fbe69",
            ),
            (
                &short_s,
                "4b27afe8c840d7bb310a43cc046e2ab0095a8353a05356c845ac98099356fd2c",
                "056f59034a23289c2810ec3e64e56695e3a3ec49a7ab95942d58e04198c5b969",
            ),
        ] {
            assert!(exchange.accepts(&b64(m1), &b64(m2)), "{m1}");
        }
    }

    #[test]
    fn values_no_client_sends_are_refused_and_do_not_panic() {
        let make =
            |public: &[u8]| Exchange::new(LOGIN, b"salt", &[5; 256], &[7; 32], &STANDARD.encode(public));
        assert!(make(&[0; 300]).is_none());
        assert!(make(&[1; 257]).is_none());
        assert!(Exchange::new(LOGIN, b"salt", &[5; 256], &[7; 32], "no base64!").is_none());
        let above_the_prime = make(&[255; 256]).unwrap();
        assert!(!above_the_prime.accepts("", ""));
    }
}
