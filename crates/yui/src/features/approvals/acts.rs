//! The audit log's acts of approvals.

crate::core::audit::acts! {
    /// Somebody asked for a second person's approval.
    APPROVAL_ASKED = "approval.asked" / "承認を依頼";
    /// … and got it.
    APPROVAL_GIVEN = "approval.given" / "承認";
    /// … or did not.
    APPROVAL_REFUSED = "approval.refused" / "承認を却下";
    /// Questions about members were looked at.
    APPROVALS_VIEWED = "approval.viewed" / "加入者についての承認の依頼を表示";
}
