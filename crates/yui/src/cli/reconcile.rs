//! `yui reconcile`.

use std::{fs::File, io::BufWriter, path::PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use kenpo_formats::household_totals_csv;

use super::{output, start::read_society};
use crate::features::expenses::{self, DifferencesCsv, UnreadableTotals};

#[derive(Debug, Args)]
pub(super) struct Reconcile {
    /// The society's short name
    #[arg(long, required_unless_present = "template")]
    society: Option<String>,
    /// The file: what the older portal showed each household in each month
    #[arg(required_unless_present = "template")]
    file: Option<PathBuf>,
    /// Where to write every difference, as CSV
    #[arg(long, value_name = "FILE")]
    differences: Option<PathBuf>,
    /// Prints an empty table with two example rows
    #[arg(long)]
    template: bool,
}

/// How many differences are shown on the screen.
const SHOWN: u64 = 20;

impl Reconcile {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        if self.template {
            output::text(household_totals_csv::template());
            return Ok(());
        }
        let (Some(society), Some(file)) = (self.society, self.file) else { bail!("a society and a file are needed") };
        let (app, scope) = read_society(&society).await?;
        let create = |path: &PathBuf| {
            let out = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            anyhow::Ok(DifferencesCsv::new(BufWriter::new(out))?)
        };
        let mut list = self.differences.as_ref().map(create).transpose()?;
        let mut said = 0;
        let compared = expenses::reconcile(&app, &scope, file.clone(), |difference| {
            if said < SHOWN {
                let (symbol, number, month) = (&difference.symbol, &difference.number, difference.month);
                let (theirs, ours) = (difference.theirs, difference.ours);
                say!(
                    "  {symbol}-{number} {month} {}: {} claims, {} yen, {} paid; here {}, {}, {}",
                    difference.reason(),
                    theirs.claims,
                    theirs.total,
                    theirs.self_pay,
                    ours.claims,
                    ours.total,
                    ours.self_pay
                );
            }
            said += 1;
            list.as_mut().map_or(Ok(()), |list| list.write(difference))
        })
        .await;
        app.db.close().await;
        let summary = match compared {
            Err(error) => match error.downcast::<UnreadableTotals>() {
                Ok(unreadable) => bail!("{}: {unreadable}", file.display()),
                Err(error) => return Err(error.context(format!("cannot compare {}", file.display()))),
            },
            Ok(summary) => summary,
        };
        if let Some(list) = list {
            list.finish()?.into_inner()?.sync_all()?;
        }
        if said > SHOWN {
            say!("  … and {} more; --differences FILE writes them all", said - SHOWN);
        }
        let (theirs, ours) = (summary.theirs, summary.ours);
        say!("the same {}, different {}", summary.same, summary.different);
        say!("  the file: {} claims, {} yen, {} paid", theirs.claims, theirs.total, theirs.self_pay);
        say!("  here: {} claims, {} yen, {} paid", ours.claims, ours.total, ours.self_pay);
        if summary.different > 0 {
            bail!("{} households and months differ", summary.different);
        }
        Ok(())
    }
}
