use super::*;
use proptest::prelude::*;

const COLUMNS: &[Column] =
    &[Column::required("番号").with_lines(), Column::required("氏名").with_lines(), Column::optional("カナ")];

type Cells = (u64, [String; 3]);

fn rows(text: &str) -> Vec<Result<Cells, Vec<Fault>>> {
    let cells = |row: Row| (row.line(), ["番号", "氏名", "カナ"].map(|name| row.text(name).to_owned()));
    CsvTable::open(text.as_bytes(), COLUMNS).unwrap().map(|row| row.map(cells)).collect()
}

fn header_faults(text: &str) -> Vec<String> {
    CsvTable::open(text.as_bytes(), COLUMNS).err().unwrap().iter().map(Fault::to_string).collect()
}

#[test]
fn columns_in_any_order_and_line_numbers_over_quoted_newlines() {
    let read = rows("氏名,ｶﾅ,番号\r\n\"テスト\r\n太郎\",x,1\r\n\r\n,,\r\n\"a\"\"b\",,2\r\n");
    assert_eq!(read[0], Ok((2, ["1", "テスト\n太郎", "x"].map(String::from))));
    assert_eq!(read[1], Ok((6, ["2", "a\"b", ""].map(String::from))));
    assert_eq!(read.len(), 2);
}

#[test]
fn header_faults_name_everything() {
    assert_eq!(header_faults("")[0], "1行: ファイルが空です。1行目に見出し(番号、氏名、カナ)が必要です。");
    let faults = header_faults("住所,電話,カナ,カナ\n");
    assert_eq!(faults.len(), 3);
    assert!(faults[0].contains("「住所」「電話」"), "{faults:?}");
    assert!(faults[1].contains("「カナ」"));
    assert!(faults[2].ends_with("必要な列がありません: 番号、氏名。"));
}

#[test]
fn wrong_number_of_fields_spoils_only_its_row() {
    let read = rows("番号,氏名\n1\n1,2,3\n1,2\n");
    assert_eq!(read[0].as_ref().unwrap_err()[0].line, 2);
    assert_eq!(read[1].as_ref().unwrap_err()[0].line, 3);
    assert!(read[2].is_ok());
}

#[test]
fn open_quotes_are_bounded() {
    let text = format!("番号,氏名\n1,\"{}", "あ\n".repeat(40_000));
    let read = rows(&text);
    assert_eq!(read[0].as_ref().unwrap_err()[0].line, 2);
    let read = rows("番号,氏名\n1,\"a");
    assert!(read[0].as_ref().unwrap_err()[0].reason.contains("閉じていない"));
    let read = rows(&format!("番号,氏名\n{}\n1,a\n", ",".repeat(300)));
    assert!(read[0].as_ref().unwrap_err()[0].reason.contains("列が多すぎます"));
    assert_eq!(read[1].as_ref().unwrap().0, 3);
}

#[test]
fn long_cells_are_read_whole() {
    let name = "\"\"あ\n".repeat(9_000);
    let read = rows(&format!("番号,氏名\n1,\"{name}終\"\n2,b\n"));
    assert_eq!(read[0].as_ref().unwrap().1[1], format!("{}終", "\"あ\n".repeat(9_000)));
    assert_eq!(read[1].as_ref().unwrap().0, 9_003);
}

#[test]
fn all_faults_of_a_row_come_together() {
    let mut table = CsvTable::open("番号,氏名\n,x\n".as_bytes(), COLUMNS).unwrap();
    let mut row = table.next().unwrap().unwrap();
    let number = row.required("番号", |text| text.parse::<u8>().map_err(|_| "no".into()));
    let name = row.required("氏名", |_| Err::<u8, _>("bad".into()));
    let faults = row.finish(number.zip(name)).unwrap_err();
    assert_eq!(faults.iter().map(|fault| fault.column.as_str()).collect::<Vec<_>>(), ["番号", "氏名"]);
}

/// Returns the line of each item: of rows that were read, and of faults.
fn lines(text: &str) -> Vec<Result<u64, u64>> {
    rows(text).into_iter().map(|row| row.map(|(line, _)| line).map_err(|faults| faults[0].line)).collect()
}

#[test]
fn a_stray_quote_spoils_its_own_row_only() {
    // Closed by the next row's quote, by a later one, by none, and where a cell ends with one.
    assert_eq!(lines("番号,氏名,カナ\n1,\"a,x\n2,\"b\",x\n3,c,x\n"), [Err(2), Ok(3), Ok(4)]);
    assert_eq!(lines("番号,氏名,カナ\n1,\"a,x\n2,b,x\n3,\"c\",x\n4,d,x\n"), [Err(2), Ok(3), Ok(4), Ok(5)]);
    assert_eq!(lines("番号,氏名,カナ\n1,\"a,x\n2,b,x\n"), [Err(2), Ok(3)]);
    assert_eq!(lines("番号,氏名,カナ\n1,\"a,x\n2,b\",x\n3,c,x\n"), [Err(2), Ok(3), Ok(4)]);
    assert_eq!(lines("番号,氏名,カナ\n1,a,\"x\n2,b,x\n"), [Err(2), Ok(3)]);
    // The row is short as well: the lines after it are read all the same.
    assert_eq!(lines("番号,氏名,カナ\n1,\"a\n2,b,x\n3,c,x\n"), [Err(2), Ok(3), Ok(4)]);
    assert_eq!(lines("番号,氏名,カナ\n1,\"a\"b\",x\n2,\"b\nc\",x\n"), [Ok(2), Ok(3)]);
}

#[test]
fn a_line_break_in_a_cell_spoils_no_other_row() {
    assert_eq!(lines("番号,氏名,カナ\n1,テスト\n太郎,x\n2,b,x\n"), [Err(2), Err(3), Ok(4)]);
    let read = rows("番号,氏名,カナ\n1,a,\"x\ny\"\n2,b,x\n");
    let mut table = CsvTable::open("番号,氏名,カナ\n1,a,\"x\ny\"\n".as_bytes(), COLUMNS).unwrap();
    let faults = table.next().unwrap().unwrap().finish(Some(())).unwrap_err();
    assert!(faults[0].column == "カナ" && faults[0].reason.contains("改行"), "{faults:?}");
    assert_eq!(read.len(), 2);
}

#[test]
fn a_carriage_return_ends_a_line() {
    assert_eq!(lines("番号,氏名\r\n1,a\r2,b\r\n3,c\r\r4,d"), [Ok(2), Ok(3), Ok(4), Ok(6)]);
    assert_eq!(lines("番号,氏名\r1,a\r2,b\r"), [Ok(2), Ok(3)]);
}

#[test]
fn nameless_columns_are_ignored_while_they_are_empty() {
    assert_eq!(rows("番号,氏名,,\n1,a,,\n2,b\n3,c,,,,\n")[2], Ok((4, ["3", "c", ""].map(String::from))));
    let read = rows("番号,,氏名,\n1,,a,\n2,メモ,b,\n3,,c,x\n");
    assert!(read[0].is_ok());
    let reason = |row: usize| read[row].as_ref().unwrap_err()[0].to_string();
    assert!(reason(1).starts_with("3行: 見出しのない列(2列目)に値「メモ」"), "{}", reason(1));
    assert!(reason(2).contains("4列目"));
}

#[test]
fn separators_are_told_by_the_header() {
    for text in
        ["番号\t氏名\n1\ta,b\n", "番号;氏名\n1;a,b\n", "sep=;\n番号;氏名\n1;\"a,b\"\n", "sep=,\n番号,氏名\n1,\"a,b\"\n"]
    {
        let read = rows(text);
        assert_eq!(read[0].as_ref().unwrap().1[1], "a,b", "{text}");
    }
}

#[test]
fn header_cells_may_be_set_for_the_eye() {
    assert_eq!(rows("番 号,\"氏\n名\",カナ\n1,a,x\n"), [Ok((3, ["1", "a", "x"].map(String::from)))]);
}

#[test]
fn what_stands_above_the_header_is_named() {
    let faults = header_faults("\u{feff}医療費一覧,,\n2025年,,\n番号,氏名,カナ\n1,a,x\n");
    assert_eq!(faults.len(), 1);
    assert!(faults[0].contains("見出しは3行目"), "{faults:?}");
    assert!(header_faults("\"ir\",1,13\r\n")[0].contains("電子レセプト"));
    assert!(header_faults("PK\u{3}\u{4}xl/workbook.xml")[0].contains("Excel"));
    assert!(header_faults("1,a\n2,b\n")[0].contains("知らない列"));
}

#[test]
fn cells_that_keep_a_spreadsheet_from_counting_are_unwrapped() {
    let read = rows("番号,氏名\n=\"0123\",'=1\n\"=\"\"0123\"\"\",'abc\n");
    assert_eq!(read[0].as_ref().unwrap().1[..2], ["0123", "=1"]);
    assert_eq!(read[1].as_ref().unwrap().1[..2], ["0123", "'abc"]);
}

#[test]
fn lines_of_open_quotes_are_read_in_bounded_time() {
    // Every line leaves a quote open, alone and behind another one.
    let text = format!("番号,氏名,カナ\n{}", "a\"b,\"c\n".repeat(200_000));
    assert!(lines(&text).iter().all(Result::is_err));
}

proptest! {
    #[test]
    fn agrees_with_the_csv_crate(cells in proptest::collection::vec(("[1-9][a-z\", ]{0,5}x", "[あ-ん\"\n]{1,5}終"), 1..9)) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["番号", "氏名"]).unwrap();
        for (number, name) in &cells {
            writer.write_record([number, name]).unwrap();
        }
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let read = rows(&text).into_iter().map(|row| row.unwrap().1).collect::<Vec<_>>();
        let expected = cells.iter().map(|(a, b)| [a.trim().to_owned(), b.trim().to_owned(), String::new()]);
        prop_assert_eq!(read, expected.collect::<Vec<_>>());
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
        let mut text = "番号,氏名\n".as_bytes().to_vec();
        text.extend(bytes);
        if let Ok(table) = CsvTable::open(&text[..], COLUMNS) {
            table.for_each(drop);
        }
    }

    #[test]
    fn a_broken_line_spoils_itself_only(
        count in 2usize..12, at in any::<prop::sample::Index>(), broken in "[0-9]?,?\"?[a-z,]{0,6}\"?[a-z]?\"?",
        quoted in proptest::collection::vec(any::<bool>(), 12),
    ) {
        let row = |index: usize| {
            if quoted[index] { format!("{index},\"テスト\",\"a, b\"") } else { format!("{index},テスト,x") }
        };
        let at = at.index(count);
        let lines: Vec<_> = (0..count).map(|index| if index == at { broken.clone() } else { row(index) }).collect();
        let read = rows(&format!("番号,氏名,カナ\n{}\n", lines.join("\n")));
        for index in (0..count).filter(|index| *index != at) {
            let line = index as u64 + 2;
            prop_assert!(read.iter().flatten().any(|(read, cells)| *read == line && cells[0] == index.to_string()), "{} in {:?}", line, read);
        }
    }
}

/// A layout of another program: two columns under other names, one that it does not have, and its own words.
fn layout() -> super::Layout {
    let pairs =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect();
    super::Layout {
        columns: pairs(&[("番号", "証番号"), ("性別", "性別コード")]),
        constants: pairs(&[("保険者番号", "06139018")]),
        values: [("性別".to_owned(), pairs(&[("M", "男"), ("F", "女")]))].into(),
    }
}

const LAID_OUT: &[Column] =
    &[Column::required("保険者番号"), Column::required("番号"), Column::required("性別"), Column::optional("備考")];

fn laid_out(text: &str) -> Result<Vec<[String; 4]>, Vec<Fault>> {
    let table = CsvTable::open_as(text.as_bytes(), LAID_OUT, Some(&layout()))?;
    let cells = |row: Row| ["保険者番号", "番号", "性別", "備考"].map(|column| row.text(column).to_owned());
    table.map(|row| row.map(cells)).collect()
}

#[test]
fn another_programs_columns_are_read_by_its_layout() {
    let expected = ["06139018", "12", "男", ""].map(str::to_owned);
    for text in [
        "部署,証番号,性別コード,備考\n総務,12,M,読まない\n",
        "\u{feff}性別コード;部署;\"証 番号\"\nＭ;総務;12\n",
        "sep=\t\n証番号\t性別コード\n12\t男\n",
        "保険者番号,番号,性別\n06139018,12,男\n",
    ] {
        assert_eq!(laid_out(text).unwrap(), std::slice::from_ref(&expected), "{text}");
    }
    let told = |text: &str| laid_out(text).unwrap_err()[0].to_string();
    assert!(told("部署,性別コード\n総務,M\n").contains("必要な列がありません: 番号(「証番号」)。"));
    assert!(told("証番号,証番号,性別コード\n").contains("同じ列"));
    assert!(told("社員一覧\n証番号,性別コード\n12,M\n").contains("見出しは2行目"));
}

#[test]
fn a_layout_is_guessed_from_names_and_fits_its_header() {
    let header = |text: &str| super::first_line(text.as_bytes()).unwrap();
    let theirs = header("\u{feff}被保険者証番号;性別区分;\"備考;2\"\r\nx;y;z\r\n");
    assert_eq!(theirs, ["被保険者証番号", "性別区分", "備考;2"]);
    let guessed = super::Layout::guessed(&theirs, LAID_OUT);
    assert_eq!(guessed.columns.len(), 2);
    assert_eq!(guessed.missing(LAID_OUT), ["保険者番号"]);
    assert!(guessed.fits(&theirs) && !guessed.fits(&header("性別区分,名前")));
    assert!(!super::Layout::default().fits(&theirs), "a layout without columns fits nothing");
    assert!(super::is_own_header(&header("性別,番号,保険者番号,x"), LAID_OUT));
    assert!(!super::is_own_header(&theirs, LAID_OUT));
    assert!(super::first_line(&b""[..]).is_err());
}
