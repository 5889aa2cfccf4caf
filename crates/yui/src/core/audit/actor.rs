//! The actor of an audit entry.

/// The person or program that acts for a society.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub(crate) kind: &'static str,
    pub(crate) id: Option<i64>,
    /// The name at the time of the act.
    pub name: String,
    /// The network address, if the actor came by the network.
    pub(crate) address: Option<String>,
}

impl Actor {
    /// Returns the actor for a member of staff.
    pub fn staff(staff_id: i64, name: &str, address: &str) -> Self {
        Self { kind: "staff", id: Some(staff_id), name: name.to_owned(), address: Some(address.to_owned()) }
    }

    /// Returns the actor for the command line.
    pub fn command() -> Self {
        Self { kind: "command", id: None, name: "コマンド".to_owned(), address: None }
    }

    /// Returns the actor for a worker of this name.
    pub fn worker(name: &str) -> Self {
        Self { kind: "worker", id: None, name: name.to_owned(), address: None }
    }

    /// Returns the actor for an unknown person at the console's login.
    pub(crate) fn stranger(address: &str) -> Self {
        Self { kind: "worker", id: None, name: "ログイン画面".to_owned(), address: Some(address.to_owned()) }
    }

    /// Returns the network address, if the actor came by the network.
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// Returns the id of the member of staff, if the actor is one.
    pub fn staff_id(&self) -> Option<i64> {
        self.id
    }
}
