/** The counting bolt once more, in Java and without a child process, to be measured against. */
package footfall.javabolt;
