// Sampler: reads a room's stream for at most -Jstream_s seconds and -Jstream_bytes bytes, with the JDK's HTTP client.
// The sample's time is the time until the stream opened. It fails unless `stream.opened` comes first and the ids grow.
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.time.Duration
import java.util.concurrent.Executors
import java.util.concurrent.ScheduledExecutorService
import java.util.concurrent.TimeUnit

long seconds = props.getProperty('stream_s', '5') as long
int maxBytes = props.getProperty('stream_bytes', '65536') as int
String base = props.getProperty('stream_url') ?: "http://${props.getProperty('host', 'localhost')}:8001"
String cursor = vars.get('cursor')
String query = cursor?.isNumber() ? "?last_event_id=${cursor}" : ''

// All threads share one client and one timer.
HttpClient client
ScheduledExecutorService timer
synchronized (props) {
    client = props.computeIfAbsent('hotchat.client') {
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofSeconds(10)).build()
    }
    timer = props.computeIfAbsent('hotchat.timer') {
        Executors.newSingleThreadScheduledExecutor { task -> new Thread(task).tap { daemon = true } }
    }
}

URI address = URI.create("${base}/stream/v1/rooms/${vars.get('room')}${query}")
SampleResult.setURL(address.toURL())
HttpRequest request = HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(10)).build()
HttpResponse<InputStream> response = client.send(request, HttpResponse.BodyHandlers.ofInputStream())
SampleResult.setResponseCode(response.statusCode() as String)
SampleResult.setResponseHeaders('\n' + response.headers().map().collect { name, values -> "${name}: ${values.join(', ')}" }.join('\n'))

ByteArrayOutputStream body = new ByteArrayOutputStream()
InputStream bytes = response.body()
def end = timer.schedule({ bytes.close() }, seconds, TimeUnit.SECONDS)
try {
    byte[] part = new byte[8192]
    int length
    while (body.size() < maxBytes && (length = bytes.read(part)) >= 0) {
        if (body.size() == 0) {
            SampleResult.sampleEnd()
        }
        body.write(part, 0, length)
    }
} catch (IOException ended) {
    // The timer closed the stream, or the server did: what counts is what came until then.
} finally {
    end.cancel(false)
    bytes.close()
}
String text = body.toString('UTF-8')
SampleResult.setResponseData(text, 'UTF-8')
if (response.statusCode() != 200) {
    return
}

List<String> frames = text.split('\n\n', -1).toList()
frames.remove(frames.size() - 1) // it is empty or was cut off
Long last = null
int events = 0
String fault = frames.isEmpty() ? 'nothing came' : null
for (String frame : frames) {
    Map<String, String> fields = frame.readLines().findAll { it.contains(': ') }.collectEntries { it.split(': ', 2).toList() }
    if (fields.event == null) {
        continue // retry
    }
    if (last == null && fields.event != 'stream.opened') {
        fault = "${fields.event} came before stream.opened"
        break
    }
    if (fields.id != null) {
        long id = fields.id as long
        if (last != null) {
            events++
            if (id <= last) {
                fault = "event ${id} came after ${last}"
                break
            }
        }
        last = id
    }
}
if (last == null && fault == null) {
    fault = 'stream.opened did not come'
}
if (last != null) {
    vars.put('cursor', last as String)
}
if (fault != null) {
    SampleResult.setResponseCode('out of order')
}
SampleResult.setResponseMessage(fault ?: "${events} events in ${body.size()} bytes")
