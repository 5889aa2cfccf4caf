//! The audit entries of the member pages.

crate::core::audit::acts! {
    /// Members were searched for.
    MEMBERS_SEARCHED = "members.searched" / "加入者を検索";
    /// A member's page was opened.
    MEMBER_VIEWED = "member.viewed" / "加入者の詳細を表示";
    /// An objection or non-disclosure came into force.
    MEMBER_FLAG_SET = "member.flag_set" / "異議申出・情報非開示を設定";
    /// … or ended.
    MEMBER_FLAG_ENDED = "member.flag_ended" / "異議申出・情報非開示を解除";
    /// The statement of a member whose expenses are hidden from the household was printed for them.
    MEMBER_CERTIFICATE = "member.certificate" / "本人用の医療費明細を作成";
    /// Staff viewed a month's statement as a member sees it.
    MEMBER_STATEMENT_VIEWED = "member.statement_viewed" / "医療費明細を照会";
}
