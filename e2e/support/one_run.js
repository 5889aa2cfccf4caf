import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { databaseAct, Portal } from './portal.js';

/** Gives a run its folder, the beginning of its databases' names and its data, and takes away what an interrupted run leaves. */
export default async function oneRun() {
  const folder = await mkdtemp(path.join(tmpdir(), 'yui-e2e-'));
  const name = path.basename(folder).toLowerCase().replaceAll('-', '_');
  process.env.YUI_TEST_RUN_FOLDER = folder;
  process.env.YUI_TEST_RUN_NAME = name;
  const end = async () => {
    const left = await databaseAct(`SELECT datname FROM pg_database WHERE starts_with(datname, '${name}')`);
    for (const database of left.split('\n').filter(Boolean)) await databaseAct(`DROP DATABASE ${database} WITH (FORCE)`);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all(['sqlite', 'postgresql'].map((engine) => Portal.seed(engine)));
    process.env.YUI_TEST_RUN_SEEDED = 'yes';
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}
