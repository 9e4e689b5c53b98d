/** Web ports that refuse requests for a host that is not theirs. */
package footfall.http;
