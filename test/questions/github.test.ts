import { answerQuestions } from './answer-questions.ts';
import * as situations from './situations/github.ts';

answerQuestions(Object.values(situations));
