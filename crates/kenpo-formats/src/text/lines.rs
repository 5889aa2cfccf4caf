//! Lines of a file, read without holding the file.

use super::Encoding;
use crate::fault::Fault;
use std::io::Read;
use std::ops::Range;

/// The longest line that is read, in bytes; a longer one is a fault and is skipped.
pub const MAX_LINE: usize = 64 * 1024;

/// How much of a file is looked at to find out its encoding, in bytes.
const PREFIX: usize = 1024 * 1024;
/// How much tells what a file is, in bytes.
const HEAD: usize = 4096;
/// How much is read at a time, in bytes: little at first, doubled each time.
const FIRST_CHUNK: usize = 8 * 1024;
const LARGEST_CHUNK: usize = 256 * 1024;

/// The lines of a file as bytes, each with its number; bounded memory.
///
/// A line ends with LF, CRLF, 0x1A (the end mark of MS-DOS, which stands inside of files that were joined) or the file, and with
/// a CR alone where that is asked for; trailing CR and NUL are not part of it.
pub(crate) struct RawLines<R> {
    source: R,
    /// Whether a CR alone ends a line.
    carriage_returns: bool,
    buffer: Vec<u8>,
    start: usize,
    finished: bool,
    chunk: usize,
    /// How many bytes after `start` hold no LF.
    searched: usize,
    number: u64,
    /// Whether 0x1A was seen.
    has_end_marks: bool,
    /// Whether the file ended without a line end.
    ends_in_line: bool,
    /// Whether the next line stands under the number of the last one.
    same_line: bool,
    encoding: Option<Encoding>,
}

impl<R: Read> RawLines<R> {
    /// Reads the beginning of the file and finds out its encoding.
    pub(crate) fn open(source: R) -> Result<Self, Fault> {
        let mut lines = Self {
            source,
            carriage_returns: false,
            buffer: Vec::new(),
            start: 0,
            finished: false,
            chunk: FIRST_CHUNK,
            searched: 0,
            number: 0,
            has_end_marks: false,
            ends_in_line: false,
            same_line: false,
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

    /// Returns whether the file ended without a line end; false before its end.
    pub(crate) fn ends_in_line(&self) -> bool {
        self.ends_in_line
    }

    /// Returns the bytes of a range of [`RawLines::next_line`], valid until it is called again.
    pub(crate) fn bytes(&self, line: &Range<usize>) -> &[u8] {
        self.buffer.get(line.clone()).unwrap_or_default()
    }

    /// Returns where the next line lies; none at the end.
    pub(crate) fn next_line(&mut self) -> Option<Result<Range<usize>, Fault>> {
        loop {
            if let Some((end, next)) = self.line_end() {
                return Some(self.take(end, next));
            }
            if self.finished {
                if self.searched == 0 {
                    return None;
                }
                let end = self.buffer.len();
                let line = self.take(end, end);
                // What is left after the last LF is no line if it is only an end mark.
                self.ends_in_line = !matches!(&line, Ok(line) if line.is_empty());
                return self.ends_in_line.then_some(line);
            }
            if self.searched > MAX_LINE {
                return Some(Err(self.skip_long_line()));
            }
            if let Err(fault) = self.fill() {
                return Some(Err(fault));
            }
        }
    }

    /// Returns where the line ends and where the next begins; none while that is not in the buffer.
    fn line_end(&mut self) -> Option<(usize, usize)> {
        let from = self.start + self.searched;
        let unread = self.buffer.get(from..).unwrap_or_default();
        let found =
            if self.carriage_returns { memchr::memchr2(b'\n', b'\r', unread) } else { memchr::memchr(b'\n', unread) };
        let Some(at) = found else {
            self.searched = self.buffer.len() - self.start;
            return None;
        };
        if unread.get(at) == Some(&b'\n') {
            return Some((from + at, from + at + 1));
        }
        // Several CR before a LF are one end: files that were written as text twice have them.
        let marks = unread.get(at..).unwrap_or_default();
        let returns = marks.iter().take_while(|byte| **byte == b'\r').count();
        let end = from + at;
        match marks.get(returns) {
            Some(b'\n') => Some((end, end + returns + 1)),
            None if !self.finished && returns <= MAX_LINE => {
                self.searched = end - self.start;
                None
            }
            _ => Some((end, end + 1)),
        }
    }

    fn take(&mut self, end: usize, next: usize) -> Result<Range<usize>, Fault> {
        self.number += u64::from(!std::mem::take(&mut self.same_line));
        let start = self.start;
        self.start = next;
        self.searched = 0;
        if end - start > MAX_LINE {
            return Err(self.too_long());
        }
        let line = self.buffer.get(start..end).unwrap_or_default();
        if !self.has_end_marks {
            let kept = line.iter().rposition(|byte| !matches!(byte, b'\r' | 0)).map_or(0, |last| last + 1);
            return Ok(start..start + kept);
        }
        let first = line.iter().position(|byte| *byte != 0x1A).unwrap_or(line.len());
        let line = line.get(first..).unwrap_or_default();
        let start = start + first;
        let kept = line.iter().rposition(|byte| !matches!(byte, b'\r' | 0 | 0x1A)).map_or(0, |last| last + 1);
        match memchr::memchr(0x1A, line.get(..kept).unwrap_or_default()) {
            None => Ok(start..start + kept),
            Some(mark) => {
                // What follows the mark is a line of another file, under the same number.
                self.start = start + mark + 1;
                self.same_line = true;
                Ok(start..start + mark)
            }
        }
    }

    fn too_long(&self) -> Fault {
        Fault::new(self.number, "", format!("1行が長すぎます。{}KBまでにしてください。", MAX_LINE / 1024))
    }

    /// Drops the rest of a line that does not end, however long, and reports it.
    fn skip_long_line(&mut self) -> Fault {
        self.number += 1;
        let fault = self.too_long();
        loop {
            self.searched = 0;
            if let Some((_, next)) = self.line_end() {
                self.start = next;
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
                    let came = self.buffer.get(filled..).unwrap_or_default();
                    self.has_end_marks |= memchr::memchr(0x1A, came).is_some();
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
/// plain ASCII, the first line that is not decides. At most that much is held in memory. A line ends with LF, CRLF or a CR alone.
/// A line that cannot be decoded, has a NUL inside or is longer than [`MAX_LINE`] is a fault, and the next line follows.
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
        let mut raw = RawLines::open(source)?;
        raw.carriage_returns = true;
        Ok(Self { raw })
    }

    /// Returns the unread beginning of the file, at most some thousand bytes.
    pub(crate) fn head(&self) -> &[u8] {
        let unread = self.raw.peek();
        unread.get(..HEAD).unwrap_or(unread)
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
        assert_eq!(texts(b"a\rb\r\r\nc\n\rd"), ["a", "b", "c", "", "d"].map(|line| Ok(line.into())));
    }

    #[test]
    fn end_marks_inside_join_files() {
        let numbered = |bytes: &[u8]| {
            let mut lines = RawLines::open(bytes).unwrap();
            let mut read = Vec::new();
            while let Some(line) = lines.next_line() {
                let line = lines.bytes(&line.unwrap()).to_vec();
                read.push((lines.number(), String::from_utf8(line).unwrap()));
            }
            read
        };
        let expected = [(1, "a".to_owned()), (2, "b".to_owned())];
        assert_eq!(numbered(b"a\r\n\x1Ab\r\n\x1A"), expected);
        assert_eq!(numbered(b"a\x1Ab\r\nc"), [(1, "a".into()), (1, "b".into()), (2, "c".into())]);
        assert_eq!(numbered(b"a\rb\n").len(), 1);
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
