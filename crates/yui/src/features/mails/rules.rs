//! When a mail is tried again, and how an address is written where many can read it.

use jiff::SignedDuration;

/// How long a mail waits after its first, second … failure: two days in all.
const WAITS: [SignedDuration; 7] = [
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(6),
    SignedDuration::from_hours(12),
    SignedDuration::from_hours(27),
];

/// Returns how long to wait after this many tries; none where it is time to give up.
pub(super) fn wait_after(tries: i32) -> Option<SignedDuration> {
    WAITS.get(usize::try_from(tries).ok()?.checked_sub(1)?).copied()
}

/// Returns the address as logs and lists show it: `t***@example.jp`.
pub(super) fn masked(address: &str) -> String {
    let (user, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let first = user.chars().next().map(String::from).unwrap_or_default();
    format!("{first}***@{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end_after_two_days() {
        let waits: Vec<_> = (1..).map_while(wait_after).collect();
        assert_eq!(waits.len(), 7);
        assert!(waits.is_sorted());
        assert_eq!(waits[0], SignedDuration::from_mins(1));
        let all = waits.iter().fold(SignedDuration::ZERO, |all, wait| all + *wait);
        assert!(all >= SignedDuration::from_hours(47) && all <= SignedDuration::from_hours(48), "{all}");
        assert_eq!((wait_after(0), wait_after(8), wait_after(-1)), (None, None, None));
    }

    #[test]
    fn an_address_shows_its_first_letter_and_its_domain() {
        assert_eq!(masked("taro@example.jp"), "t***@example.jp");
        assert_eq!(masked("太郎@example.jp"), "太***@example.jp");
        assert_eq!(masked("nonsense"), "n***@");
        assert_eq!(masked(""), "***@");
    }
}
