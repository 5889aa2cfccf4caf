//! The lines of `yui doctor`.

/// The findings, printed line by line.
#[derive(Default)]
pub(crate) struct DoctorReport {
    pub(crate) missing: usize,
}

impl DoctorReport {
    pub(crate) fn tell(&mut self, what: &str, found: Result<String, String>) {
        match found {
            Ok(words) => say!("ok       {what}: {words}"),
            Err(words) => {
                self.missing += 1;
                say!("missing  {what}: {words}");
            }
        }
    }

    /// Says what works and should be otherwise.
    pub(crate) fn warn(&mut self, what: &str, words: &str) {
        say!("warning  {what}: {words}");
    }
}
