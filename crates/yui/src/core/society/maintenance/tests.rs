//! Windows of known months, and of any rules.

use jiff::{Timestamp, civil::date};
use proptest::prelude::*;

use super::*;

const THIRD_THURSDAY: MaintenanceRule = MaintenanceRule::Weekday { nth: 3, weekday: 4, from_hour: 19, to_hour: 22 };
const THE_25TH: MaintenanceRule = MaintenanceRule::DayOfMonth { day: 25, from_hour: 21, to_hour: 24 };

/// The instant of a time in Japan.
fn at(year: i16, month: i8, day: i8, hour: i8) -> Timestamp {
    date(year, month, day).at(hour, 0, 0, 0).to_zoned(japan()).unwrap().timestamp()
}

fn words(rules: &[MaintenanceRule], now: Timestamp, count: usize) -> Vec<String> {
    windows(rules, now).take(count).map(|window| window.words(Lang::Ja)).collect()
}

#[test]
fn the_third_thursday_comes_every_month() {
    let expected = ["11月19日（木）19:00〜22:00", "12月17日（木）19:00〜22:00", "1月21日（木）19:00〜22:00"];
    assert_eq!(words(&[THIRD_THURSDAY], at(2026, 11, 1, 0), 3), expected);
    assert_eq!(words(&[THIRD_THURSDAY], at(2026, 11, 19, 21), 1), expected[..1], "the one that is going on");
    assert_eq!(words(&[THIRD_THURSDAY], at(2026, 11, 19, 22), 1), expected[1..2], "it is over at its end");
}

#[test]
fn the_25th_or_the_business_day_before() {
    // 25 October 2026 is a Sunday, 25 September a Friday after four days off, 25 July 2027 a Sunday, 25 December a Friday.
    let expected = ["9月25日（金）21:00〜24:00", "10月23日（金）21:00〜24:00", "11月25日（水）21:00〜24:00"];
    assert_eq!(words(&[THE_25TH], at(2026, 9, 1, 0), 3), expected);
    let midnight = windows(&[THE_25TH], at(2026, 10, 23, 23)).next().unwrap();
    assert_eq!((midnight.ends, midnight.until(Lang::En)), (at(2026, 10, 24, 0), "Friday 23 October, 24:00".into()));
    assert_eq!(midnight.words(Lang::En), "Friday 23 October, 21:00 to 24:00");
}

#[test]
fn a_day_moves_over_the_end_of_a_month_and_of_a_year() {
    let first = MaintenanceRule::DayOfMonth { day: 1, from_hour: 1, to_hour: 5 };
    let expected =
        ["10月30日（金）1:00〜5:00", "12月1日（火）1:00〜5:00", "12月28日（月）1:00〜5:00", "2月1日（月）1:00〜5:00"];
    let expected = expected.map(|words| words.replace("）1:", "）01:").replace("〜5:", "〜05:"));
    assert_eq!(words(&[first], at(2026, 10, 20, 0), 4), expected, "1 November and 1 January are no business days");
    let last = MaintenanceRule::DayOfMonth { day: 31, from_hour: 0, to_hour: 24 };
    let expected = ["1月29日（金）00:00〜24:00", "2月26日（金）00:00〜24:00", "3月31日（水）00:00〜24:00"];
    assert_eq!(words(&[last], at(2027, 1, 1, 0), 3), expected);
}

#[test]
fn rules_that_overlap_or_touch_make_one_window() {
    let thursday = |from_hour, to_hour| MaintenanceRule::Weekday { nth: 3, weekday: 4, from_hour, to_hour };
    let friday = MaintenanceRule::Weekday { nth: 3, weekday: 5, from_hour: 0, to_hour: 3 };
    let rules = [friday, thursday(22, 24), THIRD_THURSDAY, thursday(20, 21)];
    let expected = ["11月19日（木）19:00〜11月20日（金） 03:00"];
    assert_eq!(words(&rules, at(2026, 11, 20, 2), 1), expected);
    assert_eq!(window_at(&rules, at(2026, 11, 20, 2)).map(|window| window.begins), Some(at(2026, 11, 19, 19)));
}

#[test]
fn a_fifth_weekday_skips_months_and_a_wrong_rule_closes_nothing() {
    let fifth = MaintenanceRule::Weekday { nth: 5, weekday: 1, from_hour: 3, to_hour: 4 };
    let fifth = [fifth];
    assert_eq!(words(&fifth, at(2026, 9, 1, 0), 2), ["11月30日（月）03:00〜04:00", "3月29日（月）03:00〜04:00"]);
    assert_eq!(windows(&fifth, at(2026, 9, 1, 0)).take(12).count(), 12);
    let wrong = [
        (MaintenanceRule::Weekday { nth: 6, weekday: 1, from_hour: 3, to_hour: 4 }, RuleError::Day),
        (MaintenanceRule::Weekday { nth: 1, weekday: 0, from_hour: 3, to_hour: 4 }, RuleError::Day),
        (MaintenanceRule::DayOfMonth { day: 32, from_hour: 3, to_hour: 4 }, RuleError::Day),
        (MaintenanceRule::DayOfMonth { day: 1, from_hour: 22, to_hour: 22 }, RuleError::Hours),
        (MaintenanceRule::DayOfMonth { day: 1, from_hour: 22, to_hour: 25 }, RuleError::Hours),
    ];
    for (rule, error) in wrong {
        assert_eq!(rule.check(), Err(error));
        assert_eq!(windows(&[rule], at(2026, 9, 1, 0)).next(), None);
    }
    assert_eq!((THIRD_THURSDAY.check(), THE_25TH.check()), (Ok(()), Ok(())));
}

#[test]
fn it_is_announced_three_days_ahead_and_not_while_it_is_going_on() {
    let announced = |now| announced(&[THIRD_THURSDAY], now).is_some();
    assert!(!announced(at(2026, 11, 16, 18)) && announced(at(2026, 11, 16, 19)) && announced(at(2026, 11, 19, 18)));
    assert!(!announced(at(2026, 11, 19, 19)) && !announced(at(2026, 11, 19, 22)));
}

fn any_rule() -> impl Strategy<Value = MaintenanceRule> {
    let weekday = (1_u8..=5, 1_u8..=7, 0_u8..24, 1_u8..=24).prop_map(|(nth, weekday, from_hour, hours)| {
        MaintenanceRule::Weekday { nth, weekday, from_hour, to_hour: (from_hour + hours).min(24) }
    });
    let day = (1_u8..=31, 0_u8..24, 1_u8..=24).prop_map(|(day, from_hour, hours)| MaintenanceRule::DayOfMonth {
        day,
        from_hour,
        to_hour: (from_hour + hours).min(24),
    });
    prop_oneof![weekday, day]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn windows_follow_each_other_and_every_rule_has_its_turn(
        rules in proptest::collection::vec(any_rule(), 1..4),
        hour in 0_i64..200_000,
    ) {
        let now = at(2026, 1, 1, 0).checked_add(SignedDuration::from_hours(hour)).unwrap();
        let next: Vec<_> = windows(&rules, now).take(12).collect();
        prop_assert_eq!(next.len(), 12);
        prop_assert!(next[0].ends > now);
        for window in &next {
            prop_assert!(window.begins < window.ends);
        }
        for pair in next.windows(2) {
            prop_assert!(pair[0].ends < pair[1].begins, "{:?}", pair);
        }
        // One rule alone is never longer than its day, and falls on a business day where it says so.
        for rule in &rules {
            let window = windows(std::slice::from_ref(rule), now).next().unwrap();
            let (from, to) = rule.hours();
            prop_assert_eq!(window.ends.duration_since(window.begins), SignedDuration::from_hours((to - from).into()));
            let day = window.begins.to_zoned(japan()).date();
            if let MaintenanceRule::DayOfMonth { .. } = rule {
                prop_assert!(kenpo_formats::holidays::is_business_day(day), "{}", day);
            }
            // Whatever is closed by one rule is closed by all of them.
            prop_assert!(next.iter().any(|all| all.begins <= window.begins && window.ends <= all.ends));
        }
    }

    #[test]
    fn an_instant_is_in_a_window_where_the_next_one_has_begun(
        rules in proptest::collection::vec(any_rule(), 0..4),
        hour in 0_i64..100_000,
    ) {
        let now = at(2026, 1, 1, 0).checked_add(SignedDuration::from_hours(hour)).unwrap();
        let next = windows(&rules, now).next();
        let within = window_at(&rules, now);
        prop_assert_eq!(within.is_some(), next.is_some_and(|window| window.begins <= now));
        if let Some(within) = within {
            prop_assert_eq!(Some(within), next);
            // Every instant of it says the same.
            let last = within.ends.checked_sub(SignedDuration::from_nanos(1)).unwrap();
            prop_assert_eq!(window_at(&rules, last), Some(within));
            prop_assert_eq!(window_at(&rules, within.ends), None);
            prop_assert_eq!(window_at(&rules, within.begins), Some(within));
        }
    }
}
