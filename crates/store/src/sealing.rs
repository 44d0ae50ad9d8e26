//! Sealing values that hold secrets, with a key that lies elsewhere than the data folder.
//!
//! AES-256-GCM over a value's bytes, bound to the key that it lies under; a sealed value's version has its highest bit set. The nonce
//! is made of the key and the value by HMAC, so that no random source is needed and none can fail: the same nonce comes again only
//! with the same value under the same key. Source: RFC 8452 has the reasons for such nonces; this is its plain relative.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;

/// Tables whose values hold secrets: connections, event streams with their headers, functions with their variables.
pub(crate) const SECRET_TABLES: [u8; 3] = [33, 48, 73];
/// In the version of a sealed value.
pub(crate) const SEALED: u8 = 0x80;
/// The least that a key file must hold, in bytes.
const KEY_BYTES_MIN: usize = 32;

/// The key of this process. One at a time: a process has one data folder.
static KEY: RwLock<Option<SecretKey>> = RwLock::new(None);

/// A key that secrets are sealed with. Its `Debug` does not show it.
#[derive(Clone)]
pub struct SecretKey(Arc<Keys>);

struct Keys {
    aead: LessSafeKey,
    nonce: hmac::Key,
    check: u64,
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey")
    }
}

impl SecretKey {
    /// The key that a file's content gives.
    ///
    /// # Errors
    /// A sentence, where that is too short to be one.
    pub fn of(content: &[u8]) -> Result<Self, String> {
        let content = content.trim_ascii();
        if content.len() < KEY_BYTES_MIN {
            return Err(format!(
                "a key has {KEY_BYTES_MIN} bytes or more, as `head -c 32 /dev/urandom | base64` gives them"
            ));
        }
        let root = hmac::Key::new(hmac::HMAC_SHA256, content);
        let part = |label: &[u8]| hmac::sign(&root, label);
        let unusable = |_| "the key cannot be used".to_owned();
        let aead = UnboundKey::new(&AES_256_GCM, part(b"trunkline values").as_ref()).map_err(unusable)?;
        let check =
            part(b"trunkline check").as_ref().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let nonce = hmac::Key::new(hmac::HMAC_SHA256, part(b"trunkline nonces").as_ref());
        Ok(Self(Arc::new(Keys { aead: LessSafeKey::new(aead), nonce, check })))
    }

    /// A number by which a store knows its key; it says nothing of it.
    pub(crate) fn check(&self) -> u64 {
        self.0.check
    }

    /// The bytes sealed: the nonce, then what it hides.
    pub(crate) fn seal(&self, under: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
        let mut context = hmac::Context::with_key(&self.0.nonce);
        context.update(&(under.len() as u64).to_le_bytes());
        context.update(under);
        context.update(plain);
        let nonce: [u8; NONCE_LEN] = *context.sign().as_ref().first_chunk()?;
        let mut hidden = plain.to_vec();
        let aad = Aad::from(under);
        self.0.aead.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut hidden).ok()?;
        Some([nonce.as_slice(), &hidden].concat())
    }

    fn open(&self, under: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, hidden) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut hidden = hidden.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain = self.0.aead.open_in_place(nonce, Aad::from(under), &mut hidden).ok()?;
        Some(plain.to_vec())
    }
}

/// From now on values of tables with secrets are sealed with this key.
pub(crate) fn set(key: Option<SecretKey>) {
    *KEY.write().unwrap_or_else(PoisonError::into_inner) = key;
}

fn current() -> Option<SecretKey> {
    KEY.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Version and value, sealed where there is a key and the table holds secrets.
pub(crate) fn hidden(under: &[u8], body: Vec<u8>) -> Option<Vec<u8>> {
    if !under.first().is_some_and(|table| SECRET_TABLES.contains(table)) {
        return Some(body);
    }
    match current() {
        Some(key) => sealed(&key, under, &body),
        None => Some(body),
    }
}

/// Version and value, sealed with this key; as they are where they are sealed already.
pub(crate) fn sealed(key: &SecretKey, under: &[u8], body: &[u8]) -> Option<Vec<u8>> {
    let (version, value) = body.split_first()?;
    if version & SEALED != 0 {
        return Some(body.to_vec());
    }
    Some([&[version | SEALED], key.seal(under, value)?.as_slice()].concat())
}

/// The value of a version that says to be sealed; `None` where the key is another.
pub(crate) fn opened(under: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    current()?.open(under, sealed)
}

#[cfg(test)]
mod tests {
    use super::{SEALED, SecretKey, sealed};

    #[test]
    fn what_is_sealed_opens_with_its_key_at_its_place_and_nowhere_else() {
        let key = SecretKey::of(&[7; 32]).unwrap();
        let hidden = sealed(&key, b"under", b"\x01hunter2").unwrap();
        assert_eq!(hidden[0], 1 | SEALED);
        assert!(!hidden.windows(7).any(|part| part == b"hunter2"));
        assert_eq!(key.open(b"under", &hidden[1..]).as_deref(), Some(b"hunter2".as_slice()));
        assert_eq!(key.open(b"other", &hidden[1..]), None);
        assert_eq!(SecretKey::of(&[8; 32]).unwrap().open(b"under", &hidden[1..]), None);
        for at in 1..hidden.len() {
            let mut changed = hidden.clone();
            changed[at] ^= 1;
            assert_eq!(key.open(b"under", &changed[1..]), None, "{at}");
        }
        assert_eq!(sealed(&key, b"under", &hidden).unwrap(), hidden, "once is enough");
        assert!(SecretKey::of(b"short").is_err());
        assert_eq!(format!("{key:?}"), "SecretKey");
    }
}
