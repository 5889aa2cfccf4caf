//! Lines of a file, read without holding the file.

use super::Encoding;
use crate::fault::Fault;
use std::io::Read;
use std::ops::Range;

/// The longest line that is read, in bytes; a longer one is a fault and is skipped.
pub const MAX_LINE: usize = 64 * 1024;

/// How much of a file is looked at to find out its encoding, in bytes.
const PREFIX: usize = 1024 * 1024;
/// How much is read at a time, in bytes: little at first, doubled each time.
const FIRST_CHUNK: usize = 8 * 1024;
const LARGEST_CHUNK: usize = 256 * 1024;

/// The lines of a file as bytes, each with its number; bounded memory.
///
/// A line ends with LF, CRLF or the file; trailing CR, NUL and 0x1A (the end mark of MS-DOS) are not part of it.
pub(crate) struct RawLines<R> {
    source: R,
    buffer: Vec<u8>,
    start: usize,
    finished: bool,
    chunk: usize,
    /// How many bytes after `start` hold no LF.
    searched: usize,
    number: u64,
    encoding: Option<Encoding>,
}

impl<R: Read> RawLines<R> {
    /// Reads the beginning of the file and finds out its encoding.
    pub(crate) fn open(source: R) -> Result<Self, Fault> {
        let mut lines = Self {
            source,
            buffer: Vec::new(),
            start: 0,
            finished: false,
            chunk: FIRST_CHUNK,
            searched: 0,
            number: 0,
            encoding: None,
        };
        while lines.buffer.len() < PREFIX && !lines.finished {
            lines.fill()?;
        }
        if lines.buffer.starts_with(b"\xEF\xBB\xBF") {
            lines.start = 3;
            lines.encoding = Some(Encoding::Utf8);
        } else {
            lines.encoding = Encoding::guess(&lines.buffer, lines.finished);
        }
        Ok(lines)
    }

    /// Returns the unread beginning of the file.
    pub(crate) fn peek(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Returns the encoding for a line, deciding by this line if all before it was ASCII.
    pub(crate) fn encoding_of(&mut self, line: &Range<usize>) -> Encoding {
        if self.encoding.is_none() {
            self.encoding = Encoding::guess(self.bytes(line), true);
        }
        self.encoding.unwrap_or(Encoding::Windows31J)
    }

    /// Returns the number of the line last returned, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Returns the bytes of a range of [`RawLines::next_line`], valid until it is called again.
    pub(crate) fn bytes(&self, line: &Range<usize>) -> &[u8] {
        self.buffer.get(line.clone()).unwrap_or_default()
    }

    /// Returns where the next line lies; none at the end.
    pub(crate) fn next_line(&mut self) -> Option<Result<Range<usize>, Fault>> {
        loop {
            let unread = self.buffer.get(self.start + self.searched..).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', unread) {
                let end = self.start + self.searched + at;
                return Some(self.take(end, end + 1));
            }
            self.searched = self.buffer.len() - self.start;
            if self.finished {
                if self.searched == 0 {
                    return None;
                }
                let end = self.buffer.len();
                let line = self.take(end, end);
                // What is left after the last LF is no line if it is only an end mark.
                return if matches!(&line, Ok(line) if line.is_empty()) { None } else { Some(line) };
            }
            if self.searched > MAX_LINE {
                return Some(Err(self.skip_long_line()));
            }
            if let Err(fault) = self.fill() {
                return Some(Err(fault));
            }
        }
    }

    fn take(&mut self, end: usize, next: usize) -> Result<Range<usize>, Fault> {
        self.number += 1;
        let start = self.start;
        self.start = next;
        self.searched = 0;
        if end - start > MAX_LINE {
            return Err(self.too_long());
        }
        let line = self.buffer.get(start..end).unwrap_or_default();
        let kept = line.iter().rposition(|byte| !matches!(byte, b'\r' | 0 | 0x1A)).map_or(0, |last| last + 1);
        Ok(start..start + kept)
    }

    fn too_long(&self) -> Fault {
        Fault::new(self.number, "", format!("1行が長すぎます。{}KBまでにしてください。", MAX_LINE / 1024))
    }

    /// Drops the rest of a line that does not end, however long, and reports it.
    fn skip_long_line(&mut self) -> Fault {
        self.number += 1;
        let fault = self.too_long();
        loop {
            let unread = self.buffer.get(self.start..).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', unread) {
                self.start += at + 1;
                break;
            }
            self.start = self.buffer.len();
            if self.finished {
                break;
            }
            if self.fill().is_err() {
                break;
            }
        }
        self.searched = 0;
        fault
    }

    /// Reads one more chunk behind what is unread.
    fn fill(&mut self) -> Result<(), Fault> {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        let filled = self.buffer.len();
        self.buffer.resize(filled + self.chunk, 0);
        self.chunk = (self.chunk * 2).min(LARGEST_CHUNK);
        loop {
            match self.source.read(self.buffer.get_mut(filled..).unwrap_or_default()) {
                Ok(read) => {
                    self.buffer.truncate(filled + read);
                    self.finished = read == 0;
                    return Ok(());
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.buffer.truncate(filled);
                    self.finished = true;
                    let reason = format!("ファイルを読み取れません: {error}");
                    return Err(Fault::new(self.number + 1, "", reason));
                }
            }
        }
    }
}

/// One line of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Number of the line, from 1.
    pub number: u64,
    /// The text without its line end.
    pub text: String,
}

/// The lines of a file in UTF-8 or Windows-31J, found out from the file itself.
///
/// A byte order mark says UTF-8. Without it the first MiB decides: UTF-8 if it is valid, else Windows-31J; while that is
/// plain ASCII, the first line that is not decides. At most that much is held in memory. A line that cannot be decoded, has
/// a NUL inside or is longer than [`MAX_LINE`] is a fault, and the next line follows.
///
/// ```
/// use kenpo_formats::text::Lines;
///
/// let lines = Lines::open(&b"\x83\x65\x83\x58\x83\x67\r\nabc\r\n\x1A"[..])?.collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(lines[0].text, "テスト");
/// assert_eq!((lines[1].number, lines.len()), (2, 2));
/// # Ok::<(), kenpo_formats::Fault>(())
/// ```
pub struct Lines<R> {
    raw: RawLines<R>,
}

impl<R: Read> Lines<R> {
    /// Reads the beginning of the file.
    ///
    /// # Errors
    ///
    /// When the source cannot be read.
    pub fn open(source: R) -> Result<Self, Fault> {
        Ok(Self { raw: RawLines::open(source)? })
    }

    /// Returns the encoding, as far as it is known; none while all that was read is ASCII.
    pub fn encoding(&self) -> Option<Encoding> {
        self.raw.encoding
    }
}

impl<R: Read> Iterator for Lines<R> {
    type Item = Result<Line, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let range = match self.raw.next_line()? {
            Ok(range) => range,
            Err(fault) => return Some(Err(fault)),
        };
        let number = self.raw.number();
        let bytes = self.raw.bytes(&range);
        if memchr::memchr(0, bytes).is_some() {
            let reason = "NUL文字が含まれています。テキストファイル(CSV)として保存し直してください。";
            return Some(Err(Fault::new(number, "", reason)));
        }
        let known = self.raw.encoding.or_else(|| Encoding::guess(bytes, true));
        let text = known.unwrap_or(Encoding::Utf8).decode(bytes).map(String::from);
        self.raw.encoding = known;
        Some(match text {
            Some(text) => Ok(Line { number, text }),
            None => Err(Fault::new(number, "", undecodable(known))),
        })
    }
}

/// Returns the reason of a line whose bytes are not of the file's encoding.
pub(crate) fn undecodable(encoding: Option<Encoding>) -> String {
    let name = if encoding == Some(Encoding::Windows31J) { "Shift_JIS(Windows-31J)" } else { "UTF-8" };
    format!("{name}として読めない文字があります。ファイルの文字コードを確認してください。")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(bytes: &[u8]) -> Vec<Result<String, u64>> {
        let item = |line: Result<Line, Fault>| line.map(|line| line.text).map_err(|fault| fault.line);
        Lines::open(bytes).unwrap().map(item).collect()
    }

    #[test]
    fn ends_of_lines_and_files() {
        assert_eq!(texts(b"a\r\nb\nc\r"), [Ok("a".into()), Ok("b".into()), Ok("c".into())]);
        assert_eq!(texts(b"a\r\n\r\n\x1A"), [Ok("a".into()), Ok(String::new())]);
        assert_eq!(texts(b"a\r\n\0\0\0"), [Ok("a".into())]);
        assert_eq!(texts(b""), []);
        assert_eq!(texts(b"\xEF\xBB\xBF\xE3\x81\x82"), [Ok("あ".into())]);
        assert_eq!(texts(b"a\0b\nc"), [Err(1), Ok("c".into())]);
    }

    #[test]
    fn undecodable_lines_are_faults_with_their_number() {
        assert_eq!(texts("あ\n\u{3042}\n".as_bytes()), [Ok("あ".into()), Ok("あ".into())]);
        let mut bytes = b"\xEF\xBB\xBFok\n".to_vec();
        bytes.extend([0xFF, b'\n', b'x']);
        assert_eq!(texts(&bytes), [Ok("ok".into()), Err(2), Ok("x".into())]);
    }

    #[test]
    fn ascii_for_a_mebibyte_then_windows_31j() {
        let mut bytes = b"abcdefg\n".repeat(PREFIX / 8 + 10);
        bytes.extend(b"\x83\x65\n");
        assert_eq!(texts(&bytes).pop(), Some(Ok("テ".into())));
    }

    #[test]
    fn long_lines_are_skipped_in_bounded_memory() {
        let mut bytes = vec![b'x'; MAX_LINE + 1];
        bytes.extend(b"\nok\n");
        bytes.extend(vec![b'y'; 5 * PREFIX]);
        bytes.extend(b"\nend");
        assert_eq!(texts(&bytes), [Err(1), Ok("ok".into()), Err(3), Ok("end".into())]);
        assert_eq!(texts(&vec![b'x'; MAX_LINE * 3]), [Err(1)]);
        assert_eq!(texts(&vec![b'x'; MAX_LINE]).len(), 1);
    }

    #[test]
    fn a_failing_source_is_a_fault_and_the_end() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::Error::other("disk"))
            }
        }
        assert!(Lines::open(Broken).is_err());
        let newlines = vec![b'\n'; 2 * PREFIX];
        let mut lines = Lines::open(newlines[..].chain(Broken)).unwrap();
        assert!(lines.by_ref().any(|line| line.is_err()));
        assert!(lines.next().is_none());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let lines = texts(&bytes);
            prop_assert!(lines.len() <= bytes.len());
        }

        #[test]
        fn utf8_lines_read_back(lines in proptest::collection::vec("[ -~あ-ん一-龠]{0,20}終", 1..20)) {
            let read = texts(lines.join("\r\n").as_bytes());
            prop_assert_eq!(read, lines.into_iter().map(Ok).collect::<Vec<_>>());
        }
    }
}
