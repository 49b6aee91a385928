import { answerQuestions } from './answer-questions.ts';
import * as situations from './situations/hosts.ts';

answerQuestions(Object.values(situations));
