// Holds exchanges against Microsoft's specifications with oav: reads one JSON document a line, answers with one a line.
// The arguments are the folder with the specifications, and patterns of the files in it: all, if there are none.
"use strict";

const readline = require("node:readline");
const { LiveValidator } = require("oav");
const { log } = require("oav/dist/lib/util/logging");

// It says of each operation without a specification that it has none; so does the verdict.
log.consoleLogLevel = "off";

const options = {
  directory: process.argv[2],
  swaggerPathsPattern: process.argv.length > 3 ? process.argv.slice(3) : ["**/*.json"],
  git: { shouldClone: false },
  isPathCaseSensitive: false,
  useJsonParser: true,
};

// What oav says when the specifications have no such operation; that is neither a pass nor a failure.
const UNKNOWN = /^OPERATION_NOT_FOUND/;

function verdict(result) {
  const sides = { request: result.requestValidationResult, response: result.responseValidationResult };
  const problems = [];
  let covered = true;
  for (const [side, found] of Object.entries(sides)) {
    const failure = found.runtimeException || result.runtimeException;
    if (failure && UNKNOWN.test(failure.code)) {
      covered = false;
    } else if (failure) {
      problems.push(`${side}: ${failure.code}: ${failure.message}`);
    } else if (found.isSuccessful !== true) {
      const said = found.errors.map((one) => `${one.code} at ${one.jsonPathsInPayload.join(", ")}: ${one.message}`);
      problems.push(...(said.length ? said : ["no success"]).map((one) => `${side}: ${one}`));
    }
  }
  return { operation: sides.request.operationInfo.operationId, covered, problems };
}

async function main() {
  // Without a callback of ours, oav logs to standard output.
  const validator = new LiveValidator(options, () => {});
  await validator.initialize();
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const result = await validator.validateLiveRequestResponse(JSON.parse(line));
    process.stdout.write(JSON.stringify(verdict(result)) + "\n");
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
