//! The command line, one file per sub-command.

#[macro_use]
mod output;

mod account;
mod background;
mod demo;
mod doctor;
mod doctor_machine;
mod doctor_report;
mod import;
mod keys;
mod mail;
mod migrate;
mod migration;
mod reconcile;
mod routes;
mod serve;
mod society;
mod society_show;
mod staff;
mod start;
mod worker;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use rustix::fs::Mode;

/// The member portal of Japanese health insurance societies.
#[derive(Debug, Parser)]
#[command(version, about, after_help = "Settings come from the environment: `yui doctor --settings` lists them.")]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Starts the portal with five fictional societies; needs no set-up
    Demo(demo::DemoArgs),
    /// Starts the portal
    Serve,
    /// Brings the database to this program's version
    Migrate,
    /// Makes and lists societies
    #[command(subcommand)]
    Society(society::SocietyCommand),
    /// Invites and lists a society's staff
    #[command(subcommand)]
    Staff(staff::Staff),
    /// Makes and unlocks accounts
    #[command(subcommand)]
    Account(account::Account),
    /// Imports a file; the same file twice changes nothing, and a stopped import goes on where it was
    #[command(subcommand)]
    Import(import::Import),
    /// Shows an imported batch to members
    Publish(import::PublishLine),
    /// Takes an imported batch back whole
    Withdraw(import::WithdrawLine),
    /// Holds the totals of an older portal against what is imported, by household and month; changes nothing
    Reconcile(reconcile::Reconcile),
    /// Delivers mail and keeps house, beside any number of `yui serve`
    Worker,
    /// Lists mails, tries failed ones again, sends a test
    #[command(subcommand)]
    Mail(mail::Mail),
    /// Seals secrets anew with the newest key, and says which keys are needed
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Lists every path that it answers, and who may use it
    Routes(routes::ListLine),
    /// Checks an installation and says what is missing
    Doctor(doctor::Doctor),
}

/// Reads the command line, does what it says and returns how it ended.
pub async fn run() -> ExitCode {
    let line = CommandLine::parse();
    // Whatever is written here is about members: nobody but the owner of the process may read it.
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    log_to_stderr();
    let done = match line.command {
        Command::Demo(demo) => demo.run().await,
        Command::Serve => serve::run().await,
        Command::Migrate => migrate::run().await,
        Command::Society(society) => society.run().await,
        Command::Staff(staff) => staff.run().await,
        Command::Account(account) => account.run().await,
        Command::Import(import) => import.run().await,
        Command::Publish(line) => line.run().await,
        Command::Withdraw(line) => line.run().await,
        Command::Reconcile(line) => line.run().await,
        Command::Worker => worker::run().await,
        Command::Mail(mail) => mail.run().await,
        Command::Keys(keys) => keys.run().await,
        Command::Routes(line) => line.run(),
        Command::Doctor(doctor) => doctor.run().await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain!("yui: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Says what happens on standard error, as much as `YUI_LOG` wants.
fn log_to_stderr() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::builder()
        .with_env_var("YUI_LOG")
        .with_default_directive(tracing::Level::INFO.into())
        .from_env_lossy();
    // Colours are for a terminal: in a file or a journal they are noise.
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let layer = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    layer.log_internal_errors(false).init();
}
