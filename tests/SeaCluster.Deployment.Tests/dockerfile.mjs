// Lints a Dockerfile on stdin: node dockerfile.mjs FOLDER_WITH_NODE_MODULES < Dockerfile; one line a problem.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const { validate } = createRequire(join(process.argv[2], "node_modules", "/"))("dockerfile-utils");
const problems = validate(readFileSync(0, "utf8"), { instructionWorkdirRelative: 2, deprecatedMaintainer: 2, directiveCasing: 2, emptyContinuationLine: 2, instructionCasing: 2, instructionCmdMultiple: 2, instructionEntrypointMultiple: 2, instructionHealthcheckMultiple: 2 });
for (const problem of problems) console.log(`line ${problem.range.start.line + 1}: ${problem.message}`);
process.exitCode = problems.length > 0 ? 1 : 0;
