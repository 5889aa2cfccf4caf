//! Whether two sets of times could be of one kind: how likely it is that chance alone sets them this far apart.

/// The test of Mann and Whitney, which sees if one set lies lower than the other (two-sided, by the normal approximation).
pub(super) fn mann_whitney(one: &[f64], two: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> =
        one.iter().map(|value| (*value, true)).chain(two.iter().map(|value| (*value, false))).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (n, m) = (one.len() as f64, two.len() as f64);
    let (mut rank_sum, mut ties, mut before) = (0.0, 0.0, 0.0);
    for equal in all.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let count = equal.len() as f64;
        let rank = before + (count + 1.0) / 2.0;
        rank_sum += rank * equal.iter().filter(|(_, first)| *first).count() as f64;
        ties += count.powi(3) - count;
        before += count;
    }
    let u = rank_sum - n * (n + 1.0) / 2.0;
    let total = n + m;
    let variance = n * m / 12.0 * (total + 1.0 - ties / (total * (total - 1.0)));
    if variance > 0.0 { complementary_error((u - n * m / 2.0).abs() / (2.0 * variance).sqrt()) } else { 1.0 }
}

/// The test of Kolmogorov and Smirnov, which sees any difference of their distributions.
pub(super) fn kolmogorov_smirnov(one: &[f64], two: &[f64]) -> f64 {
    let sorted = |values: &[f64]| {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        values
    };
    let (one, two) = (sorted(one), sorted(two));
    let share =
        |values: &[f64], up_to: f64| values.partition_point(|value| *value <= up_to) as f64 / values.len() as f64;
    let apart = one.iter().chain(&two).map(|value| (share(&one, *value) - share(&two, *value)).abs());
    let apart = apart.fold(0.0, f64::max);
    let (n, m) = (one.len() as f64, two.len() as f64);
    let root = (n * m / (n + m)).sqrt();
    let lambda = (root + 0.12 + 0.11 / root) * apart;
    if lambda < 0.2 {
        return 1.0;
    }
    let term = |k: i32| (-1.0_f64).powi(k - 1) * (-2.0 * f64::from(k * k) * lambda * lambda).exp();
    (2.0 * (1..=100).map(term).sum::<f64>()).clamp(0.0, 1.0)
}

/// 1 - erf(x) for x ≥ 0, to seven digits (Abramowitz and Stegun 7.1.26).
fn complementary_error(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let terms = [0.254_829_592, -0.284_496_736, 1.421_413_741, -1.453_152_027, 1.061_405_429];
    let polynomial = terms.iter().rev().fold(0.0, |sum, term| (sum + term) * t);
    polynomial * (-x * x).exp()
}

#[cfg(test)]
mod tests {
    use super::{complementary_error, kolmogorov_smirnov, mann_whitney};

    fn near(value: f64, expected: f64) -> bool {
        (value - expected).abs() < 2e-3
    }

    #[test]
    fn known_values() {
        assert!(near(complementary_error(1.0), 0.157_299));
        // Values 1 to 20, the odd ones against the even ones: U = 45, z = -0.378.
        let (odd, even): (Vec<f64>, Vec<f64>) = (0..10).map(|i| (f64::from(2 * i + 1), f64::from(2 * i + 2))).unzip();
        assert!(near(mann_whitney(&odd, &even), 0.7055), "{}", mann_whitney(&odd, &even));
        assert!(kolmogorov_smirnov(&odd, &even) > 0.99);
    }

    #[test]
    fn what_differs_is_seen_and_what_does_not_is_not() {
        let times = |seed: u64, shift: f64| -> Vec<f64> {
            (0..1000).map(|i| super::super::data::mix(seed + i) as f64 / u64::MAX as f64 + shift).collect()
        };
        let (one, same, later) = (times(0, 0.0), times(5_000, 0.0), times(9_000, 0.2));
        for test in [mann_whitney, kolmogorov_smirnov] {
            assert!(test(&one, &same) > 0.05, "{}", test(&one, &same));
            assert!(test(&one, &later) < 1e-6);
        }
        // The same middle, another width.
        let wide: Vec<f64> = same.iter().map(|value| 2.0 * value - 0.5).collect();
        assert!(kolmogorov_smirnov(&one, &wide) < 1e-6);
    }
}
