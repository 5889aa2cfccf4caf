//! The output of commands. A reader that goes away (`yui … | head`) ends nothing: the command goes on to its end.

use std::{
    fmt::Arguments,
    io::{self, Write},
};

/// Prints a line on standard output.
macro_rules! say {
    ($($words:tt)*) => { $crate::cli::output::line(std::io::stdout(), format_args!($($words)*)) };
}

/// Prints a line on standard error.
macro_rules! complain {
    ($($words:tt)*) => { $crate::cli::output::line(std::io::stderr(), format_args!($($words)*)) };
}

/// Writes a line. There is nobody to tell where that fails.
pub(super) fn line(mut to: impl Write, words: Arguments<'_>) {
    drop(writeln!(to, "{words}").and_then(|()| to.flush()));
}

/// Writes a text as it is.
pub(super) fn text(text: &str) {
    let mut to = io::stdout();
    drop(to.write_all(text.as_bytes()).and_then(|()| to.flush()));
}

/// Takes a reader that went away for the end of what it wanted.
///
/// # Errors
/// Any other.
pub(super) fn as_read(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}
