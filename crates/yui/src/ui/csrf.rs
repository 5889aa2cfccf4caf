//! Requests that change something must come from our own pages.

use axum::http::{HeaderMap, Method, header};

/// Returns whether a request may change something: `Sec-Fetch-Site` says that it comes from this very origin or from the
/// person's own hand; a browser that does not send it is told by `Origin`, which must be this host or the portal's address (proxies may leave the port out of the host). A request with neither
/// comes from no browser, and carries no cookie that a stranger could have made it carry.
pub(crate) fn same_origin(method: &Method, headers: &HeaderMap, host: &str, portal: &str) -> bool {
    if method.is_safe() {
        return true;
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    match headers.get(header::ORIGIN).map(|value| value.to_str()) {
        Some(Ok(origin)) => {
            origin == portal || origin.split_once("://").is_some_and(|(_, origin_host)| origin_host == host)
        }
        Some(Err(_)) => false,
        None => true,
    }
}

/// Returns whether the browser says that a page elsewhere led here.
pub(crate) fn cross_site(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(pairs: &[(&'static str, &str)]) -> bool {
        let headers = pairs.iter().map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap())).collect();
        same_origin(&Method::POST, &headers, "minato.localhost:8080", "https://minato.localhost:8443")
    }

    #[test]
    fn another_site_may_not_post() {
        assert!(allowed(&[("sec-fetch-site", "same-origin")]));
        assert!(allowed(&[("origin", "http://minato.localhost:8080")]));
        assert!(allowed(&[]));
        assert!(!allowed(&[("sec-fetch-site", "same-site")]));
        assert!(!allowed(&[("sec-fetch-site", "cross-site"), ("origin", "http://minato.localhost:8080")]));
        assert!(!allowed(&[("origin", "http://fumitsuki.localhost:8080")]));
        assert!(allowed(&[("origin", "https://minato.localhost:8443")]));
        assert!(!allowed(&[("origin", "https://minato.localhost:9443")]));
        assert!(!allowed(&[("origin", "null")]));
        assert!(same_origin(&Method::GET, &HeaderMap::new(), "minato.localhost:8080", ""));
    }
}
