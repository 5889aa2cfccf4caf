//! How fast claims are read, against decoding and splitting the same bytes and nothing more.
//!
//! `cargo run --release -p kenpo-formats --example parse_speed [megabytes]`

use kenpo_formats::amounts::derive;
use kenpo_formats::claims::ClaimFile;
use std::io::{self, Read};
use std::time::{Duration, Instant};

/// Invented claims over and over: a block of bytes, given out again and again until enough was read.
struct Claims {
    block: Vec<u8>,
    at: usize,
    left: usize,
}

impl Claims {
    fn new(blocks: usize) -> Self {
        let mut text = String::from("IR,1,13,1,9900013,,見本クリニック,202503,00,0312345678\r\n");
        for number in 1..=200 {
            claim(&mut text, number);
        }
        text.push_str("GO,200,259200,99\r\n");
        Self { block: encoding_rs::SHIFT_JIS.encode(&text).0.into_owned(), at: 0, left: blocks }
    }

    fn blocks_for(megabytes: usize) -> usize {
        (megabytes * 1_000_000).div_ceil(Self::new(0).block.len())
    }
}

/// Writes a claim such as a clinic sends: one person, two diseases, a dozen acts and drugs.
fn claim(text: &mut String, number: u32) {
    use std::fmt::Write;
    let days = ",".repeat(30);
    let lines = [
        format!(
            "RE,{number},1126,202501,テスト　太郎{number},1,20100401,,,,,,,00{number},,,,,{number:010},,,,,,,,,,,,,,,,,,テストタロウ,"
        ),
        "HO,06139018,１２－３４,５６７８,2,1296,,,,,,,,,".to_owned(),
        "KO,83130001,1234567,,2,1296,300,,,,,".to_owned(),
        "SN,1,01,,,,02,,".to_owned(),
        "SY,8839592,20250105,1,,,01,".to_owned(),
        "SY,0000999,20250105,1,,見本の傷病名称,,".to_owned(),
    ];
    for line in lines {
        let _ = writeln!(text, "{line}\r");
    }
    for act in 0..6 {
        let _ = writeln!(text, "SI,{},1,11{act}000110,,288,1,,,,,,,1{days}\r", 11 + act);
        let _ = writeln!(text, "IY,,1,62000{act}801,3,12,5,,,,,,,,5{days}\r");
    }
    let _ = writeln!(text, "CO,,1,810000001,１日３回毎食後に服用するよう説明した。\r");
}

impl Read for Claims {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Ok(0);
        }
        let rest = self.block.get(self.at..).unwrap_or_default();
        let length = rest.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..length), rest.get(..length)) {
            to.copy_from_slice(from);
        }
        self.at += length;
        if self.at == self.block.len() {
            self.at = 0;
            self.left -= 1;
        }
        Ok(length)
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let value = work();
    (value, start.elapsed())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let megabytes = std::env::args().nth(1).map_or(Ok(200), |text| text.parse())?;
    let blocks = Claims::blocks_for(megabytes);
    #[expect(clippy::cast_precision_loss, reason = "a figure to print")]
    let size = (Claims::new(0).block.len() * blocks) as f64 / 1e6;
    let report = |name: &str, time: Duration| {
        println!("{name:<34}{:>8.2} s {:>8.0} MB/s", time.as_secs_f64(), size / time.as_secs_f64());
    };
    println!("{size:.0} MB of claims");
    let (copied, time) = timed(|| io::copy(&mut Claims::new(blocks), &mut io::sink()));
    copied?;
    report("making the bytes", time);
    let (fields, decoding) = timed(|| decode_and_split(Claims::new(blocks)));
    report("decoding and splitting alone", decoding);
    let (claims, reading) = timed(|| -> Result<_, kenpo_formats::Fault> {
        let (mut claims, mut points) = (0_u64, 0_i64);
        for claim in ClaimFile::open(Claims::new(blocks))? {
            claims += 1;
            points += claim?.coverage.map_or(0, |coverage| coverage.points);
        }
        Ok((claims, points))
    });
    let (claims, points) = claims?;
    report("reading claims", reading);
    let (amounts, deriving) = timed(|| -> Result<_, kenpo_formats::Fault> {
        let mut self_pay = 0;
        for claim in ClaimFile::open(Claims::new(blocks))? {
            self_pay += derive(&claim?)?.amounts.self_pay;
        }
        Ok(self_pay)
    });
    report("reading claims, deriving amounts", deriving);
    println!("{claims} claims, {points} points, self-pay {} yen, {} fields", amounts?, fields?);
    println!(
        "decoding and splitting takes {:.1} times as long as reading claims",
        decoding.as_secs_f64() / reading.as_secs_f64()
    );
    Ok(())
}

/// Decodes everything and counts its fields: what a reader that decodes first cannot go below.
fn decode_and_split(mut source: impl Read) -> io::Result<u64> {
    let mut decoder = encoding_rs::SHIFT_JIS.new_decoder();
    let (mut bytes, mut text) = (vec![0; 256 * 1024], String::with_capacity(1024 * 1024));
    let (mut fields, mut rest) = (0_u64, String::new());
    loop {
        let read = source.read(&mut bytes)?;
        text.clear();
        text.push_str(&rest);
        let _ = decoder.decode_to_string(bytes.get(..read).unwrap_or_default(), &mut text, read == 0);
        rest.clear();
        let whole = text.rfind('\n').map_or(0, |at| at + 1);
        let (lines, tail) = text.split_at(whole);
        for line in lines.lines() {
            fields += line.split(',').count() as u64;
        }
        rest.push_str(tail);
        if read == 0 {
            return Ok(fields);
        }
    }
}
