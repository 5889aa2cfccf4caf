//! The client of a request before authentication: its network address and its browser.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::Once,
};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use ipnet::IpNet;
use yui_auth::token::Token;

use crate::ui::{Lang, cookie};

/// The cookie by which a browser is known to be an account owner's.
const DEVICE_COOKIE: &str = "yui_device";

/// The number of seconds that such a browser is known: as long as browsers keep a cookie at the most.
const DEVICE_LIFE: i64 = 400 * 24 * 60 * 60;

/// The sender of a request.
#[derive(Clone, Debug)]
pub(crate) struct ClientInfo {
    /// The network address; `X-Forwarded-For` counts only if it comes from a trusted proxy.
    pub(crate) address: IpAddr,
    browser: &'static str,
    system: &'static str,
    device: Option<Token>,
}

impl ClientInfo {
    /// Returns the sender, given the other end of the connection and the networks of trusted proxies: the last address
    /// in `X-Forwarded-For` that is no trusted proxy's. Everything before it may be forged.
    pub(crate) fn of(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet], https: bool) -> Self {
        let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
        let mut address = peer.to_canonical();
        let forwarded = headers.get_all("x-forwarded-for");
        let mut hops =
            forwarded.iter().rev().filter_map(|value| value.to_str().ok()).flat_map(|value| value.rsplit(','));
        while is_trusted(&address) {
            match hops.next().map(|hop| (hop, hop_address(hop))) {
                Some((_, Some(hop))) => address = hop.to_canonical(),
                Some((hop, None)) => {
                    // Once: everybody behind this proxy is one client until somebody looks at it. The word itself may be anybody's.
                    static TOLD: Once = Once::new();
                    let length = hop.len();
                    TOLD.call_once(|| tracing::warn!(length, "X-Forwarded-For of a trusted proxy is unreadable"));
                    break;
                }
                None => break,
            }
        }
        let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        let device = cookie::get(headers, https, DEVICE_COOKIE).and_then(Token::parse);
        Self { address, browser: first_of(BROWSERS, agent), system: first_of(SYSTEMS, agent), device }
    }

    /// Returns the hash of the token by which this browser may be known, if it sends one.
    pub(crate) fn device_token(&self) -> Option<[u8; 32]> {
        self.device.as_ref().map(|token| *token.hash().as_bytes())
    }

    /// Returns the cookie of a browser that is known from now on.
    pub(crate) fn device_cookie(token: &Token, https: bool) -> String {
        cookie::set(https, DEVICE_COOKIE, &token.text(), Some(DEVICE_LIFE))
    }

    /// Returns the network that shares a limit: an IPv4 address, or the /64 network that one IPv6 customer has at
    /// least.
    pub(crate) fn network(&self) -> String {
        match self.address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }

    /// Returns the networks that the address lies in, from the narrowest on: what one customer has at least, and for IPv6
    /// what one may have.
    pub(crate) fn networks(&self) -> Vec<(Breadth, String)> {
        let mut networks = vec![(Breadth::Customer, self.network())];
        if let IpAddr::V6(address) = self.address {
            let [a, b, c, d, ..] = address.segments();
            networks.push((Breadth::Site, format!("{a:x}:{b:x}:{c:x}:{:x}::/56", d & 0xff00)));
            networks.push((Breadth::Provider, format!("{a:x}:{b:x}:{c:x}::/48")));
        }
        networks
    }

    /// Returns browser and system in words: `Chrome / Android`.
    pub(crate) fn device(&self, lang: Lang) -> String {
        match (self.browser, self.system) {
            ("", "") => lang.t("不明な端末").to_owned(),
            ("", one) | (one, "") => one.to_owned(),
            (browser, system) => format!("{browser} / {system}"),
        }
    }
}

/// Returns the address that a proxy wrote, with or without a port and brackets.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim().trim_matches('"');
    hop.parse()
        .ok()
        .or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()))
        .or_else(|| hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok())
}

/// The size of a network that a limit applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Breadth {
    /// An IPv4 address or an IPv6 /64.
    Customer,
    /// An IPv6 /56.
    Site,
    /// An IPv6 /48.
    Provider,
}

/// The marks of browsers in a `User-Agent`, with the browser's name; the first that is found counts.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

const SYSTEMS: &[(&str, &str)] = &[
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

fn first_of(names: &[(&str, &'static str)], agent: &str) -> &'static str {
    names.iter().find(|(sign, _)| agent.contains(sign)).map_or("", |(_, name)| name)
}

impl<S: Sync> FromRequestParts<S> for ClientInfo {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let unknown = IpAddr::from([0, 0, 0, 0]);
        Ok(parts.extensions.get().cloned().unwrap_or(Self { address: unknown, browser: "", system: "", device: None }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let trusted: Vec<_> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        ClientInfo::of(peer.parse().unwrap(), &headers, &trusted, false).address.to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_its_own_word() {
        assert_eq!(seen("203.0.113.9", &["198.51.100.1"], &[]), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1"], &["10.0.0.0/8"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["6.6.6.6, 198.51.100.1"], &["10.0.0.0/8"]), "198.51.100.1", "a forged hop");
        assert_eq!(seen("10.0.0.1", &["6.6.6.6", "198.51.100.1, 10.0.0.2"], &["10.0.0.0/8"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["junk"], &["10.0.0.0/8"]), "10.0.0.1");
        for with_port in ["198.51.100.7:40007", " 198.51.100.7 ", "\"198.51.100.7:1\""] {
            assert_eq!(seen("10.0.0.1", &[with_port], &["10.0.0.0/8"]), "198.51.100.7", "{with_port}");
        }
        for six in ["[2001:db8::7]:443", "[2001:db8::7]", "2001:db8::7"] {
            assert_eq!(seen("10.0.0.1", &[six], &["10.0.0.0/8"]), "2001:db8::7", "{six}");
        }
        assert_eq!(seen("::ffff:203.0.113.9", &[], &[]), "203.0.113.9");
    }

    #[test]
    fn a_device_is_told_in_words_and_an_ipv6_customer_is_one() {
        let mut headers = HeaderMap::new();
        let agent = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36";
        headers.insert(header::USER_AGENT, agent.parse().unwrap());
        let client = ClientInfo::of("2001:db8:1:2:3::4".parse().unwrap(), &headers, &[], false);
        assert_eq!(
            (client.device(Lang::Ja).as_str(), client.network().as_str()),
            ("Chrome / Android", "2001:db8:1:2::/64")
        );
    }
}
