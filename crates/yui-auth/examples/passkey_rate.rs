//! Passkey sign-ins checked a second on one thread, and nothing else: `cargo run --release -p yui-auth --example passkey_rate`.
//!
//! The same response is checked again and again, which the library allows: that a state serves once is the database's work.

mod authenticator;

use std::time::{Duration, Instant};

use authenticator::{Authenticator, Failed};
use yui_auth::passkey::{PasskeyUser, RelyingParty};

const HOST: &str = "minato.example";
const ORIGIN: &str = "https://minato.example";

fn main() -> Result<(), Failed> {
    let portal = RelyingParty::new(HOST, ORIGIN, "みなと海運健康保険組合")?;
    let passkey = Authenticator::new(1, HOST, ORIGIN)?;

    let user = PasskeyUser { handle: passkey.id(), name: "hanako", display_name: "健保 花子" };
    let begun = portal.register_begin(&user, &[])?;
    let made = portal.register_finish(&begun.state, &passkey.create(&serde_json::from_str(&begun.options)?)?)?;

    let begun = portal.sign_in_begin()?;
    let response = passkey.get(&serde_json::from_str(&begun.options)?).to_string();
    let start = Instant::now();
    let mut checks = 0_u32;
    while start.elapsed() < Duration::from_secs(3) {
        portal.sign_in_finish(&begun.state, &response, &made.stored)?;
        checks += 1;
    }
    println!("{:.0}", f64::from(checks) / start.elapsed().as_secs_f64());
    Ok(())
}
