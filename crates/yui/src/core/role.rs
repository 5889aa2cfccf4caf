//! The roles and rights of staff.

/// The role of a member of staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// 管理者: everything.
    Admin,
    /// 給付担当: files, publication, temporary IDs; later applications and messages.
    Benefits,
    /// 窓口: looks members up, unlocks and initialises.
    Desk,
    /// 閲覧: reads only.
    Viewer,
}

/// The right that a page or act of the console requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Looking at what there is.
    Look,
    /// Helping a member: unlock, initialise, stop, flags.
    Help,
    /// Files, publication, temporary IDs.
    Data,
    /// Staff, settings, terms, keys, the log.
    Manage,
}

impl Role {
    /// Every role, the mightiest first.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Benefits, Self::Desk, Self::Viewer];

    /// Returns whether the role has the right.
    pub fn has(self, right: Right) -> bool {
        match self {
            Self::Admin => true,
            Self::Benefits => matches!(right, Right::Look | Right::Data),
            Self::Desk => matches!(right, Right::Look | Right::Help),
            Self::Viewer => right == Right::Look,
        }
    }

    /// Returns the word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Benefits => "benefits",
            Self::Desk => "desk",
            Self::Viewer => "viewer",
        }
    }

    /// Returns the role for the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// Returns its (Japanese) name.
    pub fn label(self) -> &'static str {
        match self {
            Self::Admin => "管理者",
            Self::Benefits => "給付担当",
            Self::Desk => "窓口",
            Self::Viewer => "閲覧",
        }
    }

    /// Returns a sentence on what the role may do.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Admin => "すべての操作。職員・規約・設定・監査ログも扱います。",
            Self::Benefits => "データの取込と公開、仮ID・ハガキの発行。加入者の情報は見るだけです。",
            Self::Desk => "加入者の照会、ロック解除、初期化、利用停止、医療費明細の照会。データは見るだけです。",
            Self::Viewer => "見るだけ。何も変更できません。",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_what_its_line_says() {
        let rights = |role: Role| [Right::Look, Right::Help, Right::Data, Right::Manage].map(|right| role.has(right));
        assert_eq!(rights(Role::Admin), [true; 4]);
        assert_eq!(rights(Role::Benefits), [true, false, true, false]);
        assert_eq!(rights(Role::Desk), [true, true, false, false]);
        assert_eq!(rights(Role::Viewer), [true, false, false, false]);
        assert!(Role::ALL.iter().all(|role| Role::parse(role.as_str()) == Some(*role)));
    }
}
