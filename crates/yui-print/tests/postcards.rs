//! Postcards as a printing house gets them: through Poppler, qpdf and a reader of QR codes.

#![expect(clippy::expect_used, clippy::panic, reason = "a test stops at what it did not expect")]

use std::cell::Cell;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::NamedTempFile;
use yui_print::postcards::{Misfit, Part, PostalAddress, Postcard, PostcardSheet, Why, Written, write};
use yui_print::{DEFAULT_FONT_DIRS, Fonts, PrintError};

fn fonts() -> Fonts {
    let dirs: Vec<PathBuf> = DEFAULT_FONT_DIRS.iter().map(PathBuf::from).collect();
    Fonts::find(&dirs).expect("the fonts that cargo xtask test installs")
}

const LOGIN: &str = "https://portal.mihon-kenpo.example/login";

fn sheet() -> PostcardSheet {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    PostcardSheet {
        society_name: "みほん健康保険組合".into(),
        sender: texts(&["〒100-0000　東京都見本区みほん町1丁目2番3号"]),
        postage: texts(&["料金後納", "郵便"]),
        login_url: LOGIN.into(),
        services: texts(&["医療費をご覧いただけます。"]),
        preparations: texts(&["このはがき"]),
        steps: texts(&["ログイン画面を開きます。", "画面の案内にそって進みます。"]),
        inquiry: texts(&["電話 00-0000-0000"]),
        issued: jiff::civil::date(2026, 11, 20),
        sample: false,
    }
}

/// An invented card, another for each number; every third goes without an address.
fn card(number: usize) -> Postcard {
    const PAPER: &[u8] = b"abcdefghjkmnprstvwxyz23456789";
    let letters = |count: usize, salt: usize| -> String {
        let letter = |place: usize| (number * 7_919 + place * 104_729 + salt + number * place * 13) % PAPER.len();
        (0..count).map(|place| char::from(PAPER[letter(place)])).collect()
    };
    Postcard {
        name: format!("見本 {}", ["太郎", "花子", "一郎"][number % 3]),
        address: (number % 3 != 2).then(|| PostalAddress {
            postal_code: format!("123-{:04}", number % 10_000),
            lines: vec![format!("東京都見本区みほん町{}番地", number + 1), "みほんハイツ 101号室".into()],
        }),
        key: format!("K{number:06}"),
        user_id: letters(10, 3),
        password: letters(14, 11),
        expires: jiff::civil::date(2027, 2, 18),
    }
}

/// The cards in a file that qpdf finds nothing wrong with.
fn printed(sheet: &PostcardSheet, cards: impl IntoIterator<Item = Postcard>) -> (NamedTempFile, Written) {
    let mut file = NamedTempFile::new().expect("a temporary file");
    let written = write(&fonts(), sheet, cards, &mut file).expect("postcards");
    run("qpdf", &["--check"], file.path(), &[]);
    (file, written)
}

fn run(program: &str, options: &[&str], file: &Path, more: &[&str]) -> Vec<u8> {
    let output = Command::new(program)
        .env("LC_ALL", "C.UTF-8")
        .args(options)
        .arg(file)
        .args(more)
        .output()
        .unwrap_or_else(|error| panic!("{program} (cargo xtask test installs it): {error}"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn pages(file: &NamedTempFile) -> Vec<String> {
    let text = run("pdftotext", &["-raw", "-enc", "UTF-8"], file.path(), &["-"]);
    let text = String::from_utf8(text).expect("UTF-8");
    text.trim_end_matches('\u{c}').split('\u{c}').map(str::to_owned).collect()
}

#[test]
fn every_pair_stands_on_its_own_persons_sheet_and_nowhere_else() {
    let (file, written) = printed(&sheet(), (0..300).map(card));
    assert_eq!((written.cards, written.missing.len()), (300, 0));
    let pages = pages(&file);
    assert_eq!(pages.len(), 600);
    for (number, sides) in pages.chunks(2).enumerate() {
        let Postcard { name, address, key, user_id, password, .. } = card(number);
        let [front, back] = sides else { panic!("two sides") };
        let lines: Vec<&str> = front.lines().collect();
        for part in [&user_id, &password, &key, &format!("{name} 様")] {
            assert!(lines.contains(&part.as_str()), "{part} is missing on sheet {number}: {front}");
            assert!(!back.contains(part.as_str()), "{part} on the other side of sheet {number}");
        }
        assert!(front.contains("2027年2月18日まで") && front.contains(LOGIN), "{front}");
        match address {
            Some(address) => assert!(front.contains(&address.lines[0]), "{front}"),
            None => assert!(!front.contains("東京都見本区みほん町9") && front.contains("管理番号"), "{front}"),
        }
        let other = card(number + 1);
        assert!(!front.contains(&other.password) && !front.contains(&other.user_id), "{front}");
    }
}

#[test]
fn the_sheet_is_three_leaves_with_a_bleed_of_three_millimetres() {
    let (file, _) = printed(&sheet(), [card(0)]);
    let info = String::from_utf8(run("pdfinfo", &["-box", "-l", "2"], file.path(), &[])).expect("UTF-8");
    let boxed = |name: &str| -> Vec<[i64; 4]> {
        let lines = info.lines().filter(|line| line.contains(name));
        let numbers = |line: &str| {
            let points = line.split_whitespace().rev().take(4).map(|word| word.parse::<f64>().expect("points"));
            // Tenths of a millimetre.
            let mut all: Vec<i64> = points.map(|points| (points * 254.0 / 72.0).round() as i64).collect();
            all.reverse();
            all.try_into().expect("four numbers")
        };
        lines.map(numbers).collect()
    };
    assert_eq!(boxed("MediaBox"), [[0, 0, 3200, 1680]; 2]);
    assert_eq!(boxed("BleedBox"), [[70, 70, 3130, 1610]; 2]);
    assert_eq!(boxed("TrimBox"), [[100, 100, 3100, 1580]; 2]);
    assert!(info.contains("みほん健康保険組合 圧着ハガキ 1通"), "{info}");
}

#[test]
fn the_qr_code_is_the_login_page() {
    for login in [LOGIN.to_owned(), format!("https://portal.{}.example/login", "mihon".repeat(10))] {
        let (file, _) = printed(&PostcardSheet { login_url: login.clone(), ..sheet() }, [card(0)]);
        let picture = run("pdftoppm", &["-r", "200", "-gray", "-f", "1", "-l", "1"], file.path(), &[]);
        let mut header = picture.splitn(4, |byte| byte.is_ascii_whitespace());
        let mut number = || -> usize {
            let word = header.next().expect("a header");
            std::str::from_utf8(word).ok().and_then(|word| word.parse().ok()).unwrap_or_default()
        };
        let (_, width, height) = (number(), number(), number());
        let pixels = &picture[picture.len() - width * height..];
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * width + x]);
        let found: Vec<String> =
            image.detect_grids().iter().filter_map(|grid| grid.decode().ok()).map(|(_, text)| text).collect();
        assert_eq!(found, [login]);
    }
}

/// The sheet with these lines as its sender, postage mark or inquiry.
fn with(part: Part, lines: Vec<String>) -> PostcardSheet {
    match part {
        Part::Sender => PostcardSheet { sender: lines, ..sheet() },
        Part::Postage => PostcardSheet { postage: lines, ..sheet() },
        Part::Inquiry => PostcardSheet { inquiry: lines, ..sheet() },
    }
}

/// How many characters as wide as high a line has room for, and how many lines there is room for.
const ROOMS: [(Part, usize, usize); 3] = [(Part::Sender, 28, 6), (Part::Postage, 7, 5), (Part::Inquiry, 23, 9)];

#[test]
fn a_line_that_has_no_room_is_told_by_its_part_and_place() {
    let fonts = fonts();
    let misfits = |sheet: &PostcardSheet| sheet.misfits(&fonts).expect("measured");
    for (part, width, lines) in ROOMS {
        let line = |count: usize| "本".repeat(count);
        let misfit = |line, why| [Misfit { part, line, why }];
        assert_eq!(misfits(&with(part, vec![line(width); lines])), [], "as much as there is room for");
        assert_eq!(misfits(&with(part, vec![line(1), line(width + 1)])), misfit(1, Why::Wide));
        assert_eq!(misfits(&with(part, vec![line(1); lines + 3])), misfit(lines, Why::Low));
        // Narrower letters, of which more fit, and which a line would not be broken between.
        assert_eq!(misfits(&with(part, vec!["i".repeat(2 * width)])), []);
        assert_eq!(misfits(&with(part, vec!["W".repeat(2 * width)])), misfit(0, Why::Wide));
        assert_eq!(misfits(&with(part, vec!["（".repeat(9 * width)])), misfit(0, Why::Wide));
        // What is too wide is not too low as well.
        assert_eq!(
            misfits(&with(part, [vec![line(1); lines - 1], vec![line(9 * width)]].concat())),
            misfit(lines - 1, Why::Wide)
        );
    }
    let long = PostcardSheet { society_name: "みほん".repeat(20), ..with(Part::Sender, vec!["本".into(); 6]) };
    assert_eq!(misfits(&long), [Misfit { part: Part::Sender, line: 4, why: Why::Low }], "a name takes its room first");
    let both = PostcardSheet {
        postage: vec!["料金別納郵便です".into()], ..with(Part::Inquiry, vec!["本".repeat(24)])
    };
    assert_eq!(misfits(&both).iter().map(|one| one.part).collect::<Vec<_>>(), [Part::Postage, Part::Inquiry]);
}

#[test]
fn characters_that_cannot_be_printed_are_told_one_by_one() {
    let lines = vec!["葛\u{e0100}城 𠮷田".into(), "外\u{e000}\t字😀".into(), "\u{202e}右".into()];
    for (part, ..) in ROOMS {
        let misfits = with(part, lines.clone()).misfits(&fonts()).expect("measured");
        let told: Vec<_> = misfits.iter().map(|one| (one.part, one.line, one.why)).collect();
        let expected = [
            (part, 1, Why::Invisible('\t')),
            (part, 1, Why::Missing('\u{e000}')),
            (part, 1, Why::Missing('😀')),
            (part, 2, Why::Invisible('\u{202e}')),
        ];
        assert_eq!(told, expected);
    }
}

#[test]
fn a_card_without_room_for_a_line_is_not_written() {
    let error = write(&fonts(), &with(Part::Postage, vec!["料金別納郵便です".into()]), [card(0)], Vec::new());
    let misfit = Misfit { part: Part::Postage, line: 0, why: Why::Wide };
    assert!(matches!(error, Err(PrintError::Misfits(misfits)) if misfits == [misfit]));
}

#[test]
fn a_sample_says_so_on_every_leaf() {
    let (file, _) = printed(&PostcardSheet { sample: true, ..sheet() }, [card(0)]);
    for page in pages(&file) {
        // Poppler reads what stands aslant letter by letter.
        assert_eq!(page.matches("見\n本\n").count(), 3, "{page}");
    }
    let info = String::from_utf8(run("pdfinfo", &[], file.path(), &[])).expect("UTF-8");
    assert!(info.contains("みほん健康保険組合 圧着ハガキ（見本） 1通"), "{info}");
    assert!(!pages(&printed(&sheet(), [card(0)]).0).concat().contains("見\n本\n"));
}

#[test]
fn each_font_is_in_the_file_once() {
    let cards = (0..40).map(|number| Postcard { name: format!("𠮷田 {number}"), ..card(number) });
    let (file, _) = printed(&sheet(), cards);
    let said = String::from_utf8(run("pdffonts", &[], file.path(), &[])).expect("UTF-8");
    let fonts: Vec<Vec<&str>> = said.lines().skip(2).map(|line| line.split_whitespace().collect()).collect();
    assert!((3..=6).contains(&fonts.len()), "{said}");
    let embedded = |words: &Vec<&str>| words.windows(3).any(|words| words == ["yes", "yes", "yes"]);
    assert!(fonts.iter().all(embedded), "embedded, only the letters used, with their text: {said}");
    let size = std::fs::metadata(file.path()).expect("a file").len();
    assert!(size < 400_000, "{size} bytes for 40 cards");
}

/// The words of a page with their left and right ends, in points.
fn words(file: &NamedTempFile, page: &str) -> Vec<(String, f64, f64)> {
    let html = run("pdftotext", &["-bbox", "-f", page, "-l", page], file.path(), &["-"]);
    let html = String::from_utf8(html).expect("UTF-8");
    let of = |line: &str, name: &str| -> f64 {
        let value = line.split(&format!("{name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
        value.and_then(|value| value.parse().ok()).expect(name)
    };
    let lines = html.lines().filter(|line| line.trim_start().starts_with("<word "));
    lines
        .map(|line| {
            let text = line.split('>').nth(1).and_then(|rest| rest.split('<').next()).expect("a word");
            (text.to_owned(), of(line, "xMin"), of(line, "xMax"))
        })
        .collect()
}

#[test]
fn long_names_and_addresses_stay_on_their_leaf() {
    let long = Postcard {
        name: "長谷川見本之介".repeat(4),
        address: Some(PostalAddress {
            postal_code: "1234567".into(),
            lines: vec!["東京都見本区みほん町一丁目二番三号".repeat(3), "みほんグランドハイツ南館千百一号室".repeat(2)],
        }),
        user_id: "a.user-id_that.is@far-longer.than.fourteen.characters".into(),
        password: "Wq_2-WWWW@".into(),
        ..card(0)
    };
    let (file, _) = printed(&sheet(), [long]);
    let millimetre = 72.0 / 25.4;
    let inside = |from: f64, to: f64| {
        (0..3).any(|leaf| {
            let left = (10.0 + 100.0 * f64::from(leaf) + 5.0) * millimetre;
            from >= left && to <= left + 90.0 * millimetre
        })
    };
    let outside: Vec<_> = words(&file, "1").into_iter().filter(|(_, from, to)| !inside(*from, *to)).collect();
    // Above the sheet stands which leaf is what.
    let outside: Vec<_> = outside.iter().filter(|(text, ..)| !text.starts_with('表')).collect();
    assert!(outside.is_empty(), "{outside:?}");
    let text = pages(&file)[0].clone();
    assert!(text.contains("Wq_2-WWWW@") && text.contains("大ダブリュー"), "{text}");
    let joined: String = text.split_whitespace().collect();
    assert!(joined.contains("a.user-id_that.is@far-longer.than.fourteen.characters"), "{text}");
}

#[test]
fn what_no_font_has_is_marked_and_told() {
    let name = "外\u{e000}字 葛\u{e0100} 𠮷".to_owned();
    let (file, written) = printed(&sheet(), [Postcard { name, ..card(0) }]);
    assert_eq!(written.missing, ['\u{e000}']);
    assert!(pages(&file)[0].contains("外〓字 葛"), "{}", pages(&file)[0]);
}

#[test]
fn what_cannot_be_printed_is_said() {
    let nothing = write(&fonts(), &sheet(), [], Vec::new()).expect_err("no cards");
    assert!(matches!(nothing, PrintError::Empty), "{nothing}");
    let long = PostcardSheet { login_url: "x".repeat(5_000), ..sheet() };
    let error = write(&fonts(), &long, [card(0)], Vec::new()).expect_err("no code");
    assert!(matches!(error, PrintError::QrCode), "{error}");
    let full = write(&fonts(), &sheet(), (0..9).map(card), Full(5_000)).expect_err("a full disk");
    assert_eq!(full.to_string(), "the file cannot be written: no space left");
}

/// Takes so many bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or_else(|| std::io::Error::other("no space left"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn each_card_is_written_before_the_next_is_asked_for() {
    let written = Cell::new(0);
    let mut before = 0;
    let cards = (0..600).map(|number| {
        assert!(number == 0 || written.get() > before + 300, "card {number} waits for something");
        before = written.get();
        card(number)
    });
    struct Counting<'a>(&'a Cell<usize>);
    impl Write for Counting<'_> {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.set(self.0.get() + bytes.len());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    assert_eq!(write(&fonts(), &sheet(), cards, Counting(&written)).expect("postcards").cards, 600);
}

#[test]
fn fonts_that_were_found_anew_draw_the_same_card() {
    let one_at_a_time = || {
        let mut bytes = Vec::new();
        write(&fonts(), &sheet(), [card(0)], &mut bytes).expect("a postcard");
        bytes
    };
    let alone = one_at_a_time();
    // The typesetter shares what it has laid out between threads, each of which has fonts of its own here.
    let threads: Vec<_> =
        (0..4).map(|_| std::thread::spawn(move || (0..3).map(|_| one_at_a_time()).collect())).collect();
    let all: Vec<Vec<Vec<u8>>> = threads.into_iter().map(|thread| thread.join().expect("a thread")).collect();
    assert!(all.iter().flatten().all(|file| *file == alone));
}

#[test]
fn the_same_cards_give_the_same_file() {
    let print = || {
        let mut bytes = Vec::new();
        write(&fonts(), &sheet(), (0..5).map(card), &mut bytes).expect("postcards");
        bytes
    };
    assert_eq!(print(), print());
    assert!(!format!("{:?}", card(0)).contains("見本"), "nobody is named in a log");
}
