//! An authenticator for `cargo xtask bench passkey`: `passkey_authenticator HOST ORIGIN`, then line by line
//! `make NUMBER` (answered by a registered passkey: `ID STORED`, its identifier in hexadecimal and what the portal keeps) or
//! `NUMBER QUESTION` (answered by what the browser would send to that question of the portal).

mod authenticator;

use std::io::{BufRead, Write};

use authenticator::{Authenticator, Failed};
use serde_json::{Value, json};
use yui_auth::passkey::{PasskeyUser, RelyingParty};

fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [host, origin] = arguments.as_slice() else { return Err("passkey_authenticator HOST ORIGIN".into()) };
    let portal = RelyingParty::new(host, origin, "みほん健康保険組合")?;
    let mut output = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (word, rest) = line.split_once(' ').ok_or("two words")?;
        if word == "make" {
            let passkey = Authenticator::new(rest.parse()?, host, origin)?;
            let user = PasskeyUser { handle: passkey.id(), name: rest, display_name: rest };
            let begun = portal.register_begin(&user, &[])?;
            let made =
                portal.register_finish(&begun.state, &passkey.create(&serde_json::from_str(&begun.options)?)?)?;
            let id: String = passkey.id().iter().map(|byte| format!("{byte:02x}")).collect();
            writeln!(output, "{id} {}", made.stored)?;
        } else {
            let passkey = Authenticator::new(word.parse()?, host, origin)?;
            let asked: Value = serde_json::from_str(rest)?;
            let answer = json!({ "question": asked["question"], "credential": passkey.get(&asked["options"]) });
            writeln!(output, "{answer}")?;
        }
        output.flush()?;
    }
    Ok(())
}
