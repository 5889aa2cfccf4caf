//! The chain: each entry's hash covers what it says and the hash of the entry before it.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// The content of an entry, as its hash covers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntryContent<'a> {
    pub(crate) society_id: i64,
    pub(crate) entry_id: i64,
    pub(crate) at: Timestamp,
    pub(crate) actor_kind: &'a str,
    pub(crate) actor_id: Option<i64>,
    pub(crate) actor_name: &'a str,
    pub(crate) address: Option<&'a str>,
    pub(crate) act: &'a str,
    pub(crate) subject_kind: Option<&'a str>,
    pub(crate) subject_id: Option<i64>,
    pub(crate) subject_name: Option<&'a str>,
    pub(crate) detail: Option<&'a str>,
}

/// The hash before the first entry.
pub(crate) const BEGINNING: [u8; 32] = [0; 32];

impl EntryContent<'_> {
    /// Returns the hash of this entry after the one with this hash: SHA-256 over the parts, each preceded by its length.
    pub(crate) fn hash(&self, before: &[u8]) -> [u8; 32] {
        let mut digest = Sha256::new_with_prefix(b"yui audit 1");
        let mut part = |bytes: Option<&[u8]>| {
            let length = bytes.map_or(u64::MAX, |bytes| u64::try_from(bytes.len()).unwrap_or(u64::MAX - 1));
            digest.update(length.to_be_bytes());
            digest.update(bytes.unwrap_or_default());
        };
        part(Some(before));
        for number in
            [Some(self.society_id), Some(self.entry_id), Some(self.at.as_microsecond()), self.actor_id, self.subject_id]
        {
            part(number.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice));
        }
        let texts = [
            Some(self.actor_kind),
            Some(self.actor_name),
            self.address,
            Some(self.act),
            self.subject_kind,
            self.subject_name,
            self.detail,
        ];
        texts.into_iter().for_each(|text| part(text.map(str::as_bytes)));
        digest.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: EntryContent<'_> = EntryContent {
        society_id: 1,
        entry_id: 7,
        at: Timestamp::UNIX_EPOCH,
        actor_kind: "staff",
        actor_id: Some(3),
        actor_name: "試験 花子",
        address: Some("192.0.2.1"),
        act: "member.viewed",
        subject_kind: Some("member"),
        subject_id: Some(5),
        subject_name: Some("テスト タロウ"),
        detail: Some(""),
    };

    #[test]
    fn every_part_is_covered_and_none_runs_into_the_next() {
        let hash = SAID.hash(&BEGINNING);
        let changed = [
            SAID.hash(&[1; 32]),
            EntryContent { society_id: 2, ..SAID }.hash(&BEGINNING),
            EntryContent { entry_id: 8, ..SAID }.hash(&BEGINNING),
            EntryContent { at: Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_micros(1), ..SAID }.hash(&BEGINNING),
            EntryContent { actor_kind: "worker", ..SAID }.hash(&BEGINNING),
            EntryContent { actor_id: None, ..SAID }.hash(&BEGINNING),
            EntryContent { actor_name: "試験 花", ..SAID }.hash(&BEGINNING),
            EntryContent { address: None, ..SAID }.hash(&BEGINNING),
            EntryContent { address: Some(""), ..SAID }.hash(&BEGINNING),
            EntryContent { act: "member.view", ..SAID }.hash(&BEGINNING),
            EntryContent { subject_kind: None, ..SAID }.hash(&BEGINNING),
            EntryContent { subject_id: Some(6), ..SAID }.hash(&BEGINNING),
            EntryContent { subject_name: Some("テスト タロウx"), ..SAID }.hash(&BEGINNING),
            EntryContent { detail: Some("x"), ..SAID }.hash(&BEGINNING),
            EntryContent { detail: None, ..SAID }.hash(&BEGINNING),
            EntryContent { subject_name: Some("テスト タロ"), detail: Some("ウ"), ..SAID }.hash(&BEGINNING),
        ];
        assert!(changed.iter().all(|other| *other != hash));
    }
}
