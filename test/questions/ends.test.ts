import { answerQuestions } from './answer-questions.ts';
import * as situations from './situations/ends.ts';

answerQuestions(Object.values(situations));
