/** A thread of its own: the dictionaries take a third of a second and 130 MB, which the server is not to carry around. */
import { parentPort, workerData } from 'node:worker_threads'
import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { adjacencyGraphs, dictionary as common } from '@zxcvbn-ts/language-common'
import { dictionary as english, translations } from '@zxcvbn-ts/language-en'
import type { StrengthAnswer, StrengthQuestion } from './strength.ts'

const { password, known } = workerData as StrengthQuestion
const meter = new ZxcvbnFactory({
  dictionary: { ...common, ...english },
  graphs: adjacencyGraphs,
  translations,
})
const { score, feedback } = meter.check(password, [...known])
const advice = [feedback.warning ?? '', ...feedback.suggestions].filter((sentence) => sentence !== '').join(' ')
parentPort?.postMessage({ score, advice } satisfies StrengthAnswer)
