// One JSON request a line in, one JSON verdict a line out. One process for a whole test run: starting node costs more than judging.
import { createInterface } from 'node:readline'
import { runSimulation } from '@cloud-copilot/iam-simulate'

for await (const line of createInterface({ input: process.stdin })) {
  let verdict
  try {
    const answer = await runSimulation(JSON.parse(line), {})
    verdict =
      answer.resultType === 'error'
        ? { errors: answer.errors }
        : {
            result: answer.overallResult,
            ignored: [...new Set([answer.result ?? answer.results].flat().flatMap((one) => one.ignoredContextKeys ?? []))],
          }
  } catch (error) {
    verdict = { errors: { message: String(error) } }
  }
  process.stdout.write(JSON.stringify(verdict) + '\n')
}
