import { writeFileSync } from 'node:fs';

const PRINTED = 10;

/** Prints the slowest journeys, and writes how long each took to the file that `YUI_TEST_JOURNEY_TIMES` names. */
export default class Slowest {
  times = [];

  onTestEnd(test, result) {
    const [, engine, file, ...words] = test.titlePath();
    this.times.push({ seconds: result.duration / 1000, engine, name: `${file} › ${words.join(' › ')}`, status: result.status });
  }

  onEnd() {
    this.times.sort((one, other) => other.seconds - one.seconds);
    const line = ({ seconds, engine, name }) => `${seconds.toFixed(1).padStart(7)} s  [${engine}] ${name}`;
    console.log(`\nslowest journeys:\n${this.times.slice(0, PRINTED).map(line).join('\n')}`);
    const file = process.env.YUI_TEST_JOURNEY_TIMES;
    const row = ({ seconds, engine, name, status }) => `${seconds.toFixed(3)}\t${status}\t${engine}\t${name}\n`;
    if (file) writeFileSync(file, this.times.map(row).join(''));
  }

  printsToStdio() {
    return false;
  }
}
