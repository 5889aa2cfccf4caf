//! Codes of an authenticator app: RFC 6238 with SHA-1, six digits, 30 seconds, which is what all apps do.

#[cfg(test)]
mod tests;

use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha1::Sha1;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::digits;

/// Bytes of a key (RFC 4226 4: 160 bits).
pub const KEY_LEN: usize = 20;

/// Seconds that a code is shown for.
const STEP_SECONDS: i64 = 30;

/// Steps that a clock may be wrong by, either way (RFC 6238 5.2).
const DRIFT: i64 = 1;

/// The characters that are not percent-encoded in a URI (RFC 3986 2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The secret that an authenticator app and the portal share: never shown by Debug, wiped when dropped.
#[derive(Clone)]
pub struct TotpKey(Zeroizing<[u8; KEY_LEN]>);

impl TotpKey {
    /// Returns the key of these bytes: fresh random ones.
    #[must_use]
    pub fn from_random(bytes: [u8; KEY_LEN]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Returns the key that was stored as these bytes, `None` if they are not 20.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    /// Returns the bytes to store, sealed.
    #[must_use]
    pub fn bytes(&self) -> &[u8; KEY_LEN] {
        &self.0
    }

    /// Returns the key as apps take it by hand: 32 characters of Base32 (RFC 4648 6).
    #[must_use]
    pub fn base32(&self) -> Zeroizing<String> {
        let mut text = String::with_capacity(KEY_LEN * 8 / 5);
        for five in self.0.chunks_exact(5) {
            let bits = five.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
            text.extend((0..8).rev().map(|place| char::from(BASE32[(bits >> (5 * place)) as usize % 32])));
        }
        Zeroizing::new(text)
    }

    /// Returns the key as a person can read it: [`Self::base32`] in groups of four, which apps take too.
    #[must_use]
    pub fn base32_in_groups(&self) -> Zeroizing<String> {
        let mut text = String::with_capacity(KEY_LEN * 8 / 5 + 7);
        for (place, character) in self.base32().chars().enumerate() {
            if place > 0 && place % 4 == 0 {
                text.push(' ');
            }
            text.push(character);
        }
        Zeroizing::new(text)
    }

    /// Returns the address that a QR code gives to an app; a colon in a name becomes a space, for it would end the name
    /// there.
    #[must_use]
    pub fn uri(&self, society: &str, user_id: &str) -> Zeroizing<String> {
        let (society, user_id) = (society.replace(':', " "), user_id.replace(':', " "));
        let society = utf8_percent_encode(&society, ENCODED);
        let user_id = utf8_percent_encode(&user_id, ENCODED);
        let secret = self.base32();
        Zeroizing::new(format!(
            "otpauth://totp/{society}:{user_id}?secret={}&issuer={society}&algorithm=SHA1&digits=6&period=30",
            *secret
        ))
    }

    /// Returns the step that this code belongs to, if it is this moment's or its neighbour's and later than
    /// `last_step`.
    ///
    /// Store the step, and give it as `last_step` from then on: a code serves once (RFC 6238 5.2). To be safe against two
    /// requests at once, store it with a condition (`UPDATE … WHERE last_step IS NULL OR last_step < ?`) and refuse the code
    /// if that changes no row. The time of the answer does not depend on the code.
    #[must_use]
    pub fn matched_step(&self, code: &str, unix_seconds: i64, last_step: Option<i64>) -> Option<i64> {
        let code = digits::six(code)?;
        let now = unix_seconds.div_euclid(STEP_SECONDS);
        let (mut is_found, mut found) = (Choice::from(0), 0);
        // The latest wins: should one code belong to two steps, it must not serve again in the later one.
        for step in now - DRIFT..=now + DRIFT {
            let is_new = step >= 0 && last_step.is_none_or(|last| step > last);
            let is_right = self.code(step).ct_eq(&code) & Choice::from(u8::from(is_new));
            found.conditional_assign(&step, is_right);
            is_found |= is_right;
        }
        bool::from(is_found).then_some(found)
    }

    /// Returns the step's code (RFC 4226 5.3).
    fn code(&self, step: i64) -> [u8; 6] {
        // A short key is filled up with zeros (RFC 2104 2).
        let mut block = Zeroizing::new([0; 64]);
        block[..KEY_LEN].copy_from_slice(self.0.as_slice());
        let mut mac = Hmac::<Sha1>::new((&*block).into());
        mac.update(&step.to_be_bytes());
        let mac: [u8; 20] = mac.finalize().into_bytes().into();
        let at = usize::from(mac[19] % 16);
        let four = [mac[at], mac[at + 1], mac[at + 2], mac[at + 3]];
        digits::of_number(u64::from(u32::from_be_bytes(four) & 0x7fff_ffff))
    }
}

impl std::fmt::Debug for TotpKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotpKey(***)")
    }
}
