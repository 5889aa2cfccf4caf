//! The sex and the relationship of a person, as files write them.

/// Sex as health insurance records it: `1` male, `2` female.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sex {
    /// 男
    Male,
    /// 女
    Female,
}

impl Sex {
    /// Returns the sex written as `1`, `2`, `男`, `女`, `男性` or `女性`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "1" | "男" | "男性" => Some(Self::Male),
            "2" | "女" | "女性" => Some(Self::Female),
            _ => None,
        }
    }
}

/// A person's relationship to the household: `1` insured, `2` dependent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relationship {
    /// 本人 (被保険者)
    Insured,
    /// 家族 (被扶養者)
    Dependent,
}

impl Relationship {
    /// Returns the relationship written as `1`, `2`, `本人` or `家族`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "1" | "本人" | "被保険者" => Some(Self::Insured),
            "2" | "家族" | "被扶養者" => Some(Self::Dependent),
            _ => None,
        }
    }
}
