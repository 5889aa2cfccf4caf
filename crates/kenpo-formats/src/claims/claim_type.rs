//! The claim type of four digits (レセプト種別).

/// Point table, scheme, combination and patient class of a claim (記録条件仕様, 別表 レセプト種別コード).
///
/// ```
/// use kenpo_formats::claims::ClaimType;
///
/// let kind = ClaimType::parse("1125").ok_or("not a claim type")?;
/// assert!(kind.inpatient() && kind.dependent());
/// assert_eq!(kind.combination(), 2);
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClaimType {
    point_table: u8,
    scheme: Scheme,
    combination: u8,
    class: PatientClass,
    inpatient: bool,
}

/// The payer that bears the claim in the first place: the second digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// 1: health insurance of employees or residents.
    Insurance,
    /// 2: public expense alone.
    Public,
    /// 3: the medical system for those of 75 and over.
    LateElderly,
    /// 4: retired members of national health insurance.
    Retired,
}

/// The class of the patient: the fourth digit, without its part about inpatients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PatientClass {
    /// 1, 2: the insured person.
    Insured,
    /// 3, 4: a child before school.
    Preschool,
    /// 5, 6: a dependent.
    Dependent,
    /// 7, 8: 70 or over, general income.
    ElderlyGeneral,
    /// 9, 0: 70 or over, income as of those at work (現役並み, 7割給付).
    ElderlyWorkingIncome,
}

impl ClaimType {
    /// Returns the type of four digits.
    pub fn parse(digits: &str) -> Option<Self> {
        let [point_table, scheme, combination, class] = *digits.as_bytes() else { return None };
        if !matches!(point_table, b'1' | b'3' | b'4' | b'6') || !matches!(combination, b'1'..=b'5') {
            return None;
        }
        let scheme = match scheme {
            b'1' => Scheme::Insurance,
            b'2' => Scheme::Public,
            b'3' => Scheme::LateElderly,
            b'4' => Scheme::Retired,
            _ => return None,
        };
        let patient = match class {
            b'1' | b'2' => PatientClass::Insured,
            b'3' | b'4' => PatientClass::Preschool,
            b'5' | b'6' => PatientClass::Dependent,
            b'7' | b'8' => PatientClass::ElderlyGeneral,
            b'9' | b'0' => PatientClass::ElderlyWorkingIncome,
            _ => return None,
        };
        let inpatient = class % 2 == 1;
        Some(Self { point_table, scheme, combination: combination - b'0', class: patient, inpatient })
    }

    /// Returns the digit of the point table: `1` medical, `3` dental, `4` pharmacy, `6` home nursing.
    pub fn point_table(self) -> char {
        char::from(self.point_table)
    }

    /// Returns the scheme.
    pub fn scheme(self) -> Scheme {
        self.scheme
    }

    /// Returns the number of payers that share the claim, 1 (単独) to 5 (5併).
    pub fn combination(self) -> u8 {
        self.combination
    }

    /// Returns the class of the patient.
    pub fn patient_class(self) -> PatientClass {
        self.class
    }

    /// Returns whether the claim is of a stay in hospital.
    pub fn inpatient(self) -> bool {
        self.inpatient
    }

    /// Returns whether the patient is a dependent; a child before school always is. For those of 70 and over the type
    /// does not tell: false.
    pub fn dependent(self) -> bool {
        matches!(self.class, PatientClass::Dependent | PatientClass::Preschool)
    }

    /// Returns whether the patient is a child before school.
    pub fn preschool(self) -> bool {
        self.class == PatientClass::Preschool
    }

    /// Returns whether the patient is 70 or over with general income.
    pub fn elderly_general(self) -> bool {
        self.class == PatientClass::ElderlyGeneral
    }

    /// Returns whether the patient is 70 or over with an income as of those at work.
    pub fn elderly_working_income(self) -> bool {
        self.class == PatientClass::ElderlyWorkingIncome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_is_inpatient() {
        for (digits, class, inpatient) in [
            ("1111", PatientClass::Insured, true),
            ("1112", PatientClass::Insured, false),
            ("3113", PatientClass::Preschool, true),
            ("4114", PatientClass::Preschool, false),
            ("1116", PatientClass::Dependent, false),
            ("1118", PatientClass::ElderlyGeneral, false),
            ("1119", PatientClass::ElderlyWorkingIncome, true),
            ("1110", PatientClass::ElderlyWorkingIncome, false),
        ] {
            let kind = ClaimType::parse(digits).unwrap();
            assert_eq!((kind.patient_class(), kind.inpatient()), (class, inpatient), "{digits}");
        }
        for bad in ["", "111", "11111", "2112", "1512", "1162", "111x", "あ"] {
            assert_eq!(ClaimType::parse(bad), None, "{bad}");
        }
    }
}
