//! Groups the rows of a register file by family, in memory or, for large files, in temporary files.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Seek, Write},
};

use sha2::{Digest, Sha256};

use super::row::{Family, Row};

/// How many rows are held in memory; with more, all rows are partitioned into temporary files.
const IN_MEMORY: usize = 50_000;

/// The number of partitions.
const PARTS: usize = 64;

/// Collects the rows of a file.
#[derive(Debug)]
pub(super) struct Families {
    in_memory: usize,
    rows: Vec<Row>,
    /// The partitions; empty while the rows fit into memory.
    parts: Vec<BufWriter<File>>,
}

impl Default for Families {
    fn default() -> Self {
        Self { in_memory: IN_MEMORY, rows: Vec::new(), parts: Vec::new() }
    }
}

impl Families {
    /// Adds a row.
    ///
    /// # Errors
    /// If a temporary file cannot be written.
    pub(super) fn add(&mut self, row: Row) -> io::Result<()> {
        if self.parts.is_empty() && self.rows.len() < self.in_memory {
            self.rows.push(row);
            return Ok(());
        }
        if self.parts.is_empty() {
            // The files have no name: the system removes them when the process ends.
            self.parts = (0..PARTS).map(|_| tempfile::tempfile().map(BufWriter::new)).collect::<Result<_, _>>()?;
            for row in std::mem::take(&mut self.rows) {
                self.write(&row)?;
            }
        }
        self.write(&row)
    }

    fn write(&mut self, row: &Row) -> io::Result<()> {
        // A hash that is stable across builds: a resumed import relies on the order of the families.
        let part = Sha256::digest(row.holder_key()).first().map_or(0, |byte| usize::from(*byte) % PARTS);
        let file = self.parts.get_mut(part).ok_or_else(|| io::Error::other("no such part"))?;
        serde_json::to_writer(&mut *file, row)?;
        file.write_all(b"\n")
    }

    /// Calls `each` for every family until it returns false; the order depends only on the rows.
    ///
    /// # Errors
    /// If a temporary file cannot be read.
    pub(super) fn each(self, mut each: impl FnMut(Family) -> bool) -> io::Result<()> {
        if self.parts.is_empty() {
            hand_over(self.rows, &mut each);
            return Ok(());
        }
        for part in self.parts {
            let mut file = part.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.rewind()?;
            let rows = BufReader::new(file).lines().map(|line| Ok(serde_json::from_str(&line?)?));
            if !hand_over(rows.collect::<io::Result<_>>()?, &mut each) {
                break;
            }
        }
        Ok(())
    }
}

fn hand_over(rows: Vec<Row>, each: &mut impl FnMut(Family) -> bool) -> bool {
    let mut families = BTreeMap::<String, Vec<Row>>::new();
    rows.into_iter().for_each(|row| families.entry(row.holder_key()).or_default().push(row));
    families.into_iter().all(|(holder_key, rows)| each(Family::new(holder_key, rows)))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn row(line: u64, number: u8, insured: bool, year: i16, left: bool) -> Row {
        Row {
            line,
            insurer_number: "06139018".into(),
            symbol: "1".into(),
            number: number.to_string(),
            branch: None,
            person_key: None,
            name: "テスト 太郎".into(),
            kana: "テスト タロウ".into(),
            sex: "male".into(),
            birth_date: date(1980, 1, 1),
            insured,
            from: date(year, 4, 1),
            to: left.then(|| date(year + 1, 4, 1)),
            email: None,
        }
    }

    fn sorted(in_memory: usize, rows: &[Row]) -> BTreeMap<String, Vec<Row>> {
        let mut families = Families { in_memory, ..Families::default() };
        rows.iter().for_each(|row| families.add(row.clone()).unwrap());
        let mut all = BTreeMap::new();
        families
            .each(|family| {
                assert!(all.insert(family.holder_key, family.rows).is_none(), "a family comes once");
                true
            })
            .unwrap();
        all
    }

    proptest! {
        #[test]
        fn families_are_the_same_in_memory_and_in_parts_and_in_any_order(
            rows in proptest::collection::vec((0..9_u8, any::<bool>(), 2000..2020_i16, any::<bool>()), 1..60),
            turn in 0..60_usize,
        ) {
            let rows: Vec<_> =
                (1..).zip(rows).map(|(line, (number, insured, year, left))| row(line, number, insured, year, left)).collect();
            let expected = sorted(1_000, &rows);
            prop_assert_eq!(&sorted(5, &rows), &expected);
            let mut turned = rows.clone();
            turned.rotate_left(turn % rows.len());
            prop_assert_eq!(&sorted(1_000, &turned), &expected);
            for family in expected.values() {
                let order: Vec<_> = family.iter().map(|row| (!row.insured, row.to.is_none(), row.from)).collect();
                prop_assert!(order.is_sorted());
            }
        }
    }
}
