#!/usr/bin/env node
import { endOnClosedPipe } from './cli/command.ts';
import { commandLine } from './cli/program/program.ts';

endOnClosedPipe();
await commandLine().parseAsync();
