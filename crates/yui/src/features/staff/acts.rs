//! The audit log's acts of staff accounts.

crate::core::audit::acts! {
    /// Somebody was invited.
    STAFF_INVITED = "staff.invited" / "職員を招待";
    /// An invitation was answered.
    STAFF_ANSWERED = "staff.answered" / "招待に応じてパスワードを設定";
    /// Name or role were changed.
    STAFF_CHANGED = "staff.changed" / "職員の氏名・役割を変更";
    /// An account was stopped.
    STAFF_STOPPED = "staff.stopped" / "職員の利用を停止";
    /// An account was unlocked.
    STAFF_UNLOCKED = "staff.unlocked" / "職員のロックを解除";
    /// An account begins anew.
    STAFF_RESET = "staff.reset" / "職員の認証を初期化して再招待";
    /// Somebody logged in.
    STAFF_LOGGED_IN = "staff.logged_in" / "管理画面にログイン";
    /// A login was refused.
    STAFF_REFUSED = "staff.refused" / "管理画面へのログインに失敗";
    /// A code was wrong.
    STAFF_WRONG_CODE = "staff.wrong_code" / "確認コードの誤り";
    /// Somebody logged out.
    STAFF_LOGGED_OUT = "staff.logged_out" / "管理画面からログアウト";
    /// The own other sessions were ended.
    STAFF_OTHERS_ENDED = "staff.others_ended" / "自分のほかの端末をログアウト";
    /// Wrong codes locked an account.
    STAFF_LOCKED = "staff.locked" / "誤ったコードが続きロック";
    /// A factor was registered.
    STAFF_FACTOR_ADDED = "staff.factor_added" / "自分の認証方法を登録";
    /// A factor was removed.
    STAFF_FACTOR_REMOVED = "staff.factor_removed" / "自分の認証方法を削除";
    /// The own password was changed.
    STAFF_PASSWORD_CHANGED = "staff.password_changed" / "自分のパスワードを変更";
}
