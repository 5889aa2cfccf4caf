//! Cookies: `HttpOnly`, `SameSite=Lax`, for this host alone; `Secure` with the `__Host-` prefix where members come by https.

use axum::http::{HeaderMap, header};

fn full_name(https: bool, name: &str) -> String {
    if https { format!("__Host-{name}") } else { name.to_owned() }
}

/// Returns the `Set-Cookie` value; without `max_age` (seconds) the cookie goes with the browser.
pub(crate) fn set(https: bool, name: &str, value: &str, max_age: Option<i64>) -> String {
    let secure = if https { "; Secure" } else { "" };
    let age = max_age.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}", full_name(https, name))
}

/// Returns the `Set-Cookie` value that removes the cookie.
pub(crate) fn remove(https: bool, name: &str) -> String {
    set(https, name, "", Some(0))
}

/// Returns the cookie's value.
pub(crate) fn get<'h>(headers: &'h HeaderMap, https: bool, name: &str) -> Option<&'h str> {
    let name = full_name(https, name);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split("; "))
        .find_map(|pair| pair.strip_prefix(name.as_str())?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_https_the_cookie_is_bound_to_the_host() {
        let cookie = set(true, "yui_session", "abc", None);
        assert_eq!(cookie, "__Host-yui_session=abc; Path=/; HttpOnly; SameSite=Lax; Secure");
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "lang=en; __Host-yui_session=abc".parse().unwrap());
        assert_eq!(get(&headers, true, "yui_session"), Some("abc"));
        assert_eq!(get(&headers, false, "yui_session"), None);
    }
}
