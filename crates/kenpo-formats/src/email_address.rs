//! Addresses that mail can be sent to.

/// Returns whether mail can be sent to the address: RFC 5321's form without quoted parts, and without the characters that are no
/// more than mistakes in a portal. Addresses of Japanese carriers from before 2009 with dots in a row or before the `@` are none:
/// mail servers refuse them.
///
/// ```
/// use kenpo_formats::email_address::is_email_address;
///
/// assert!(is_email_address("taro.test@mail.example"));
/// assert!(!is_email_address("taro..test.@docomo.example"));
/// ```
pub fn is_email_address(address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let dots_between = |text: &str| !text.starts_with('.') && !text.ends_with('.') && !text.contains("..");
    let local_character = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=^_{|}~.".contains(c);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    (1..=64).contains(&local.len())
        && address.len() <= MAX
        && local.chars().all(local_character)
        && dots_between(local)
        && domain.contains('.')
        && domain.split('.').all(label)
        && domain.rsplit('.').next().is_some_and(|top| top.len() >= 2 && !top.chars().all(|c| c.is_ascii_digit()))
}

/// The most characters an address may have.
pub const MAX: usize = 255;
