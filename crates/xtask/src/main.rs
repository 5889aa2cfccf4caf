//! The one door to building, testing and trying Yui.

mod bench;
mod check_sql;
mod demo;
mod deny;
mod imports;
mod postgres;
mod sbom;
mod screenshots;
mod setup;
mod soak;
mod steps;
mod test;
mod times;
mod tools;
mod workspace;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  demo [ARGUMENTS]   build Yui and start the demo; ARGUMENTS go to `yui demo`
  test [NAMES]       all checks and tests; with NAMES only the Rust tests whose names contain one of them
  test --fast [NAMES]
                     the Rust tests that need neither PostgreSQL nor a browser
  bench [--rows N] [NAMES]
                     measure Yui beside what it is held against (docs/performance.md); all, or those named
  soak --faults [--short] [NAMES]
                     let the disk, the database, clients and workers of a portal fail, and say what became of it
  check-sql          migrate both databases and prepare every SQL text on both
  deny               check the licences, sources and known weaknesses of what Yui is built upon
  sbom               write what yui is made of, as CycloneDX JSON
  imports            show which file of the application uses which: cycles, and features that use each other
  screenshots        take the pictures of the demo in docs/screenshots
  setup demo|test|bench
                     install what the machine lacks, and nothing else
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["demo", rest @ ..] => demo::run(rest),
        ["test", arguments @ ..] => test::run(arguments),
        ["bench", names @ ..] => bench::run(names),
        ["soak", "--faults", arguments @ ..] => soak::run(arguments),
        ["imports"] => imports::run(),
        ["check-sql"] => check_sql::run(),
        ["deny"] => deny::run(),
        ["sbom"] => sbom::run(),
        ["screenshots"] => screenshots::run(),
        ["setup", "demo"] => setup::run(setup::For::Demo),
        ["setup", "test"] => setup::run(setup::For::Test),
        ["setup", "bench"] => setup::run(setup::For::Bench),
        [] | ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
