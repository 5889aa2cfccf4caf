/** Makes a run fail in which some engine passed no test at all: nothing run is not the same as nothing wrong. */
export default class EveryEngineRan {
  passed = new Map();

  onBegin(config, suite) {
    for (const project of suite.suites) this.passed.set(project.title, 0);
  }

  onTestEnd(test, result) {
    const engine = test.parent.project().name;
    if (result.status === 'passed') this.passed.set(engine, (this.passed.get(engine) ?? 0) + 1);
  }

  onEnd(result) {
    const counts = [...this.passed].map(([engine, count]) => `${engine} ${count}`).join(', ');
    console.log(`\npassed by engine: ${counts || 'none'}`);
    const ran = this.passed.size > 0 && [...this.passed.values()].every((count) => count > 0);
    return { status: ran ? result.status : 'failed' };
  }

  printsToStdio() {
    return false;
  }
}
