//! Who did it.

/// Who acts for a society.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub(crate) kind: &'static str,
    pub(crate) id: Option<i64>,
    /// The name as it was then.
    pub name: String,
    /// The network address, where they came by the network.
    pub(crate) address: Option<String>,
}

impl Actor {
    /// Returns a member of staff.
    pub fn staff(staff_id: i64, name: &str, address: &str) -> Self {
        Self { kind: "staff", id: Some(staff_id), name: name.to_owned(), address: Some(address.to_owned()) }
    }

    /// Returns the command line.
    pub fn command() -> Self {
        Self { kind: "command", id: None, name: "コマンド".to_owned(), address: None }
    }

    /// Returns a worker of this name.
    pub fn worker(name: &str) -> Self {
        Self { kind: "worker", id: None, name: name.to_owned(), address: None }
    }

    /// Returns somebody at the console's login who is nobody that is known.
    pub(crate) fn stranger(address: &str) -> Self {
        Self { kind: "worker", id: None, name: "ログイン画面".to_owned(), address: Some(address.to_owned()) }
    }

    /// Returns the network address, where they came by the network.
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// Returns the member of staff, where it is one.
    pub fn staff_id(&self) -> Option<i64> {
        self.id
    }
}
