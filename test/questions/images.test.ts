import { answerQuestions } from './answer-questions.ts';
import * as situations from './situations/images.ts';

answerQuestions(Object.values(situations));
