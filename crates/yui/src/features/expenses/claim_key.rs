//! The key by which a claim is known over its versions.

use sha2::{Digest, Sha256};

/// Returns the key of a claim: the first bytes of what identifies it, so that claims that come together lie together, then a
/// hash of all of it.
pub(super) fn claim_key(identity: &str, count: u32) -> Vec<u8> {
    let digest = Sha256::digest(format!("{count}|{identity}"));
    let start = identity.bytes().chain(std::iter::repeat(0)).take(KEY_START);
    start.chain(digest.into_iter().take(KEY_HASH)).collect()
}

const KEY_START: usize = 8;
const KEY_HASH: usize = 12;

#[cfg(test)]
mod tests {
    use super::claim_key;

    #[test]
    fn claims_that_come_together_lie_together_and_stay_apart() {
        let [first, second, again] =
            [("2026-09|7|csv", 0), ("2026-09|8|csv", 0), ("2026-09|7|csv", 1)].map(|(of, count)| claim_key(of, count));
        assert_eq!(first[..8], second[..8]);
        assert!(first != second && first != again);
        assert_eq!(claim_key("a", 0).len(), first.len());
    }
}
