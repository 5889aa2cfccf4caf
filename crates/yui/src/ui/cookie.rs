//! Cookies: `HttpOnly`, `SameSite=Lax`, for this host alone; `Secure` with the `__Host-` prefix where members come by https.

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};

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

/// Returns the cookie's value. What else the browser sends does not matter: a sister site's cookie may be in Japanese, which no
/// header should be.
pub(crate) fn get<'h>(headers: &'h HeaderMap, https: bool, name: &str) -> Option<&'h str> {
    let name = full_name(https, name);
    headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| std::str::from_utf8(pair).ok())
        .find_map(|pair| pair.trim_ascii().strip_prefix(name.as_str())?.strip_prefix('='))
}

/// Returns the answer with these cookies.
pub(crate) fn with_cookies(mut response: Response, cookies: Vec<String>) -> Response {
    for cookie in cookies {
        if let Ok(value) = HeaderValue::try_from(cookie) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    response
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

    #[test]
    fn other_sites_cookies_do_not_hide_ours() {
        for foreign in ["area=東京".as_bytes(), &b"area=\x93\x8c\x8b\x9e"[..], b"a;;b", b"=", b"yui_session2=x"] {
            for cookies in
                [[foreign, b"yui_session=abc"].join(&b"; "[..]), [&b"yui_session=abc"[..], foreign].join(&b";"[..])]
            {
                let mut headers = HeaderMap::new();
                headers.insert(header::COOKIE, axum::http::HeaderValue::from_bytes(&cookies).unwrap());
                assert_eq!(get(&headers, false, "yui_session"), Some("abc"), "{cookies:?}");
            }
        }
    }
}
