//! The audit entries of imports.

use crate::core::audit::{Subject, acts};

acts! {
    /// A file came in.
    UPLOADED = "import.uploaded" / "取込ファイルをアップロード";
    /// The result of its check was viewed.
    SEEN = "import.seen" / "取込内容の確認結果を表示";
    /// A list of mistakes was downloaded.
    FAULTS_TAKEN = "import.faults_taken" / "取込の誤りの一覧をダウンロード";
    /// A list of changes was downloaded.
    CHANGES_TAKEN = "import.changes_taken" / "取込内容の一覧をダウンロード";
    /// The mistakes of a batch were viewed.
    BATCH_SEEN = "import.batch_seen" / "取込の詳細を表示";
    /// A column profile was made or changed.
    PROFILE_SAVED = "import.profile_saved" / "列の対応を保存";
    /// A column profile was deleted.
    PROFILE_DELETED = "import.profile_deleted" / "列の対応を削除";
    /// Its import was ordered.
    APPLIED = "import.applied" / "取込を指示";
    /// There were mistakes, and all or nothing was asked for.
    REFUSED = "import.refused" / "誤りがあるため取り込まず";
    /// It is imported.
    DONE = "import.done" / "取込を完了";
    /// An import that had stopped was resumed.
    RESUMED = "import.resumed" / "取込を再開";
    /// An upload was discarded.
    DROPPED = "import.dropped" / "取込をとりやめ";
    /// Its publication was ordered.
    SCHEDULED = "import.scheduled" / "取込データの公開を指示";
    /// The order of its publication was cancelled.
    UNSCHEDULED = "import.unscheduled" / "取込データの公開予約を取消";
    /// It was published to members.
    PUBLISHED = "import.published" / "取込データを公開";
    /// The months that have arrived with it were changed.
    MONTHS_SET = "import.months_set" / "そろった月を変更";
    /// Its withdrawal was ordered.
    WITHDRAWAL_ORDERED = "import.withdrawal_ordered" / "取込の取下げを指示";
    /// It was withdrawn.
    WITHDRAWN = "import.withdrawn" / "取込を取下げ";
}

/// Returns a batch as a subject of the log.
pub(super) fn batch(batch: &super::Batch) -> Subject {
    Subject::new("batch", batch.batch_id, format!("取込{} {}", batch.batch_id, batch.file_name))
}

/// Returns a column profile as a subject of the log.
pub(super) fn profile(profile: &super::Profile) -> Subject {
    Subject::new("column_profile", profile.profile_id, format!("{}（{}）", profile.name, profile.kind.label()))
}

/// Returns an upload as a subject of the log.
pub(super) fn upload(upload_id: i64, file_name: &str) -> Subject {
    Subject::new("upload", upload_id, file_name)
}
