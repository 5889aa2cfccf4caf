//! Routes with their permissions, as features declare them.

use axum::{handler::Handler, http::Method, routing::MethodRouter};

use super::{app::App, role::Right, society::Service};

/// The permission of a route: who may call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Anybody who reaches the society's host.
    Anybody,
    /// A signed-in insured person of that society.
    Member,
    /// The same, with a recent proof of identity.
    Fresh,
    /// A person whose login (a member's or the staff's) is pending at the route's own step (or, for adding a factor, a
    /// signed-in person): the handler's argument says which.
    Step,
    /// A signed-in insured person, where the society has this service switched on.
    Service(Service),
    /// A signed-in member of the society's staff whose role has this right.
    Staff(Right),
    /// The same, with a recent proof of the second factor.
    StaffFresh(Right),
    /// The demo's client, on the demo's own host; outside the demo the route does not exist.
    DemoVisitor,
    /// The machine's own checks, on any host: they show nothing of any society.
    Machine,
}

/// One line of the list of routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// GET or POST.
    pub method: Method,
    /// The path, as in `/assets/{name}`.
    pub path: &'static str,
    /// The permission that a caller needs.
    pub permission: Permission,
}

/// A list of routes, to which a feature's `routes` adds its own.
#[derive(Debug)]
pub struct Routes {
    in_demo: bool,
    all: Vec<(Route, MethodRouter<App>)>,
}

impl Routes {
    /// Returns an empty list, of the demo or of a real portal.
    pub fn new(in_demo: bool) -> Self {
        Self { in_demo, all: Vec::new() }
    }

    /// Returns whether this is the demo.
    pub fn in_demo(&self) -> bool {
        self.in_demo
    }

    /// Adds a page.
    #[must_use]
    pub fn get<H, T>(self, path: &'static str, permission: Permission, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(Method::GET, path, permission, axum::routing::get(handler))
    }

    /// Adds an act.
    #[must_use]
    pub fn post<H, T>(self, path: &'static str, permission: Permission, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(Method::POST, path, permission, axum::routing::post(handler))
    }

    fn add(mut self, method: Method, path: &'static str, permission: Permission, handler: MethodRouter<App>) -> Self {
        self.all.push((Route { method, path, permission }, handler));
        self
    }

    /// Returns the routes with their handlers, which no permission guards yet.
    pub(crate) fn into_all(self) -> Vec<(Route, MethodRouter<App>)> {
        self.all
    }
}
