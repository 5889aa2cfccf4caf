//! How many connections there are, in all and of each address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use ipnet::IpNet;

use crate::core::config::ConnectionLimits;

/// The connections of the moment.
#[derive(Debug)]
pub(super) struct Crowd {
    inside: Arc<Mutex<Inside>>,
    most: usize,
    of_address: usize,
    trusted: Vec<IpNet>,
    told: [AtomicBool; 2],
}

#[derive(Debug, Default)]
struct Inside {
    all: usize,
    of: HashMap<IpAddr, usize>,
}

/// Why there is no room for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectionRefusal {
    /// There are too many.
    Full,
    /// Its address has too many.
    OfAddress,
}

/// The place of one connection; free again when dropped.
#[derive(Debug)]
pub(super) struct ConnectionSlot {
    inside: Arc<Mutex<Inside>>,
    counted: IpAddr,
}

impl Crowd {
    pub(super) fn new(most: usize, limits: &ConnectionLimits, trusted: Vec<IpNet>) -> Self {
        Self { inside: Arc::default(), most, of_address: limits.per_address, trusted, told: Default::default() }
    }

    /// Gives a connection from this address a place. Trusted proxies bring many people: no limit per address is theirs, and the last
    /// tenth of all places is.
    pub(super) fn enter(&self, address: IpAddr) -> Result<ConnectionSlot, ConnectionRefusal> {
        let address = address.to_canonical();
        let trusted = self.trusted.iter().any(|network| network.contains(&address));
        let counted = network(address);
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let most = if trusted { self.most } else { self.most - self.most / 10 };
        if inside.all >= most {
            return Err(ConnectionRefusal::Full);
        }
        let of = inside.of.entry(counted).or_default();
        if !trusted && *of >= self.of_address {
            return Err(ConnectionRefusal::OfAddress);
        }
        *of += 1;
        inside.all += 1;
        Ok(ConnectionSlot { inside: Arc::clone(&self.inside), counted })
    }

    /// Returns what to say of a refusal, the first time of each kind.
    pub(super) fn first_time(&self, refused: ConnectionRefusal) -> Option<&'static str> {
        (!self.told[usize::from(refused == ConnectionRefusal::OfAddress)].swap(true, Ordering::Relaxed))
            .then(|| refused.words())
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        inside.all -= 1;
        if let Some(of) = inside.of.get_mut(&self.counted) {
            *of -= 1;
            if *of == 0 {
                inside.of.remove(&self.counted);
            }
        }
    }
}

/// Returns what is counted together: an IPv4 address, or the /64 network that one IPv6 customer has.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::config::Config;

    fn crowd(most: usize, of_address: usize) -> Crowd {
        let limits = Config::from_pairs([]).unwrap().http.limits;
        let limits = ConnectionLimits { per_address: of_address, ..limits };
        Crowd::new(most, &limits, vec!["10.0.0.0/8".parse().unwrap()])
    }

    fn from(address: &str) -> IpAddr {
        address.parse().unwrap()
    }

    #[test]
    fn an_address_has_its_limit_and_a_trusted_proxy_has_none() {
        let crowd = crowd(100, 2);
        let first = crowd.enter(from("203.0.113.9")).unwrap();
        let _second = crowd.enter(from("::ffff:203.0.113.9")).unwrap();
        assert_eq!(crowd.enter(from("203.0.113.9")).unwrap_err(), ConnectionRefusal::OfAddress);
        let _proxied: Vec<_> = (0..10).map(|_| crowd.enter(from("10.0.0.1")).unwrap()).collect();
        let _of_one_customer = [crowd.enter(from("2001:db8::1")).unwrap(), crowd.enter(from("2001:db8::2")).unwrap()];
        assert_eq!(crowd.enter(from("2001:db8::3")).unwrap_err(), ConnectionRefusal::OfAddress);
        drop(first);
        assert!(crowd.enter(from("203.0.113.9")).is_ok());
    }

    #[test]
    fn the_last_places_are_the_proxies() {
        let crowd = crowd(10, 100);
        let strangers: Vec<_> = (0..9).map(|_| crowd.enter(from("203.0.113.9")).unwrap()).collect();
        assert_eq!(crowd.enter(from("198.51.100.1")).unwrap_err(), ConnectionRefusal::Full);
        let _check = crowd.enter(from("10.0.0.1")).unwrap();
        assert_eq!(crowd.enter(from("10.0.0.1")).unwrap_err(), ConnectionRefusal::Full);
        assert!(
            crowd.first_time(ConnectionRefusal::Full).is_some() && crowd.first_time(ConnectionRefusal::Full).is_none()
        );
        drop(strangers);
        assert!(crowd.enter(from("198.51.100.1")).is_ok());
    }
}
