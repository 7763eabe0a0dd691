// Post-processor of every plan: adds the answer to the label, so that reports and samples.py count answers apart.
String answer = prev.getResponseCode()
if (answer == '429' && prev.getResponseHeaders().toLowerCase().contains('\nretry-after:')) {
    // A refusal with Retry-After follows the contract, so it is a success with a separate label.
    prev.setSampleLabel(sampler.getName() + ' refused')
    prev.setSuccessful(true)
} else if (answer in ['200', '201', '304']) {
    prev.setSampleLabel(sampler.getName() + ' ' + answer)
} else {
    prev.setSampleLabel(sampler.getName() + ' error')
    prev.setSuccessful(false)
}
